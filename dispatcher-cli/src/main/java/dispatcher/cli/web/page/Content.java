package dispatcher.cli.web.page;

import dispatcher.cli.web.html.Html;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;

/// What a page shows.
///
/// @param title   for the head of the page and of the browser's window
/// @param fixed   what stays as it is, such as a form, above the rest
/// @param regions what changes by itself; their ids differ
public record Content(String title, Html fixed, List<Region> regions) {
    public Content {
        regions = List.copyOf(regions);
    }

    /// All regions, also for a browser of which it is not known what it shows.
    public Html whole() {
        return Html.all(regions.stream().map(Region::whole).toList());
    }

    /// Tells whether a browser shows this already.
    public String mark() {
        var sum = new CRC32C();
        for (var region : regions) sum.update(region.whole().toString().getBytes(StandardCharsets.UTF_8));
        return Long.toHexString(sum.getValue());
    }

    /// Elements that take the place of those with the same ids in a browser that shows `before`.
    ///
    /// @return empty if nothing has changed
    public Html changesSince(Content before) {
        var known = before.regions.stream().collect(Collectors.toMap(Region::id, Function.identity()));
        return Html.all(regions.stream()
                .map(region -> {
                    var old = known.get(region.id());
                    return old == null ? region.whole() : region.changesSince(old);
                })
                .toList());
    }
}
