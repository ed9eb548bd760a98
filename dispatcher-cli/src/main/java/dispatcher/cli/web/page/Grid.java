package dispatcher.cli.web.page;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// A table whose rows change by themselves. Put together on one thread.
public final class Grid {
    private final String id;
    private final String caption;
    private final List<Html> heads;
    private final List<String> labels;
    private final SequencedMap<String, Html> rows = new LinkedHashMap<>();

    /// @param heads   what stands above the columns
    /// @param caption what the table is, for all who do not see it beside its heading
    public Grid(String id, String caption, String... heads) {
        this(id, caption, List.of(heads), Arrays.stream(heads).map(Html::text).toList());
    }

    private Grid(String id, String caption, List<String> labels, List<Html> heads) {
        this.id = id;
        this.caption = caption;
        this.labels = labels;
        this.heads = heads;
    }

    /// One whose rows can be ordered by some columns: a head of the form `name=Head` is a link that orders by `name`.
    public static Grid sorted(PageRequest request, String order, String id, String caption, String... heads) {
        var labels = Arrays.stream(heads)
                .map(head -> head.substring(head.indexOf('=') + 1))
                .toList();
        var shown = Arrays.stream(heads).map(head -> head(request, order, head)).toList();
        return new Grid(id, caption, labels, shown);
    }

    private static Html head(PageRequest request, String order, String head) {
        int end = head.indexOf('=');
        if (end < 0) return Html.text(head);
        var name = head.substring(0, end);
        var link = element("a", Attribute.href(request.with("sort", name)), Html.text(head.substring(end + 1)));
        return name.equals(order)
                ? Html.all(
                        link, element("span", cls("sorted"), Attribute.of("title", "in this order"), Html.text(" ▾")))
                : link;
    }

    /// @param key   tells the row from others in the table
    /// @param cells as many as there are columns; the first names the row
    public void row(String key, Html... cells) {
        if (cells.length != heads.size())
            throw new IllegalArgumentException("%d cells in %d columns".formatted(cells.length, heads.size()));
        var row = id + "-" + HexFormat.of().formatHex(key.getBytes(StandardCharsets.UTF_8));
        var content = new Html[cells.length];
        for (int i = 0; i < cells.length; i++)
            content[i] = i == 0
                    ? element("th", Attribute.of("scope", "row"), cells[i])
                    : element("td", Attribute.of("data-label", labels.get(i)), cells[i]);
        rows.put(row, element("tr", Attribute.id(row), Html.all(content)));
    }

    public int size() {
        return rows.size();
    }

    /// @param otherwise what is shown if there are no rows
    /// @param below     what follows the table
    public Region region(String otherwise, Html below) {
        boolean none = rows.isEmpty();
        return new Region(
                id,
                rows,
                body -> element(
                        "section",
                        Attribute.id(id),
                        cls("region"),
                        none ? element("p", cls("none"), Html.text(otherwise)) : table(body),
                        below));
    }

    /// The table alone, where it is a part of something.
    public Html table() {
        return table(Html.all(List.copyOf(rows.values())));
    }

    private Html table(Html body) {
        return element(
                "div",
                cls("scroll"),
                element(
                        "table",
                        element("caption", cls("unseen"), Html.text(caption)),
                        element(
                                "thead",
                                element(
                                        "tr",
                                        Html.all(heads.stream()
                                                .map(head -> element("th", Attribute.of("scope", "col"), head))
                                                .toList()))),
                        element("tbody", body)));
    }
}
