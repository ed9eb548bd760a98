package dispatcher.cli.web.build;

import dispatcher.cli.web.page.Page;
import java.time.InstantSource;
import java.util.List;

/// All pages of this package.
public final class BuildPages {
    private BuildPages() {}

    /// @param clock the dispatcher's
    public static List<Page> pages(InstantSource clock) {
        return List.of(new BuildsPage(), new BuildPage(clock));
    }
}
