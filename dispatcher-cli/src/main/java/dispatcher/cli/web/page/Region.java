package dispatcher.cli.web.page;

import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;

/// A part of a page that changes by itself. Where it is made of rows, those that changed are sent alone.
///
/// @param id    of its element
/// @param rows  by the ids of their elements
/// @param frame its element around the rows
public record Region(String id, SequencedMap<String, Html> rows, UnaryOperator<Html> frame) {
    public Region {
        rows = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(rows));
    }

    /// One that is sent as a whole.
    public static Region of(String id, Html... content) {
        var inner = Html.all(content);
        return new Region(
                id,
                new LinkedHashMap<>(),
                _ -> Html.element("section", Attribute.id(id), Attribute.cls("region"), inner));
    }

    public Html whole() {
        return frame.apply(Html.all(List.copyOf(rows.values())));
    }

    /// What has changed since it was `before`: single rows if all else is the same, or all of it.
    ///
    /// @return empty if nothing has
    Html changesSince(Region before) {
        boolean sameRows = List.copyOf(rows.keySet()).equals(List.copyOf(before.rows.keySet()));
        if (!sameRows || !bare().equals(before.bare())) return whole();
        return Html.all(rows.entrySet().stream()
                .filter(row -> !row.getValue().equals(before.rows.get(row.getKey())))
                .map(Map.Entry::getValue)
                .toList());
    }

    private Html bare() {
        return frame.apply(Html.NOTHING);
    }
}
