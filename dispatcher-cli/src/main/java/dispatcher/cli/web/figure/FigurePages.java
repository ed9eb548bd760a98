package dispatcher.cli.web.figure;

import dispatcher.cli.web.page.Asset;
import dispatcher.cli.web.page.Page;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/// All pages of this package.
public final class FigurePages {
    /// How bars and the like look.
    static final Asset STYLE = new Asset("figure.css", "dispatcher/cli/web/assets/figure.css");

    private FigurePages() {}

    public static List<Page> pages() {
        return pages(System::nanoTime);
    }

    /// @param nanoTime as for `System.nanoTime`
    static List<Page> pages(LongSupplier nanoTime) {
        return Stream.of(new TimelinePage(), new LoadPage(), new CostsPage(), new GraphPage())
                .<Page>map(page -> new HeldPage(page, nanoTime))
                .toList();
    }
}
