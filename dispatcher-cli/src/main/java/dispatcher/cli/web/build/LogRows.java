package dispatcher.cli.web.build;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.web.html.Html;
import java.util.ArrayList;
import java.util.List;

/// A log as rows of a page, its colours as classes. What comes in one call is in one answer, so that it is no larger
/// than what the caller has. Confined to one thread.
final class LogRows {
    private final List<Html> rows = new ArrayList<>();
    private final List<Html> row = new ArrayList<>();
    private boolean goesOn;
    private final LogReader reader = new LogReader(new LogReader.Sink() {
        @Override
        public void text(LogStyle style, String text) {
            var classes = style.classes();
            row.add(classes.isEmpty() ? Html.text(text) : element("span", cls(classes), Html.text(text)));
        }

        @Override
        public void line(boolean isEnd) {
            rows.add(element("div", goesOn ? cls("goes-on") : Html.NOTHING, Html.all(row)));
            row.clear();
            goesOn = !isEnd;
        }
    });

    /// @param text whole lines
    /// @return an element for each
    Html of(String text) {
        reader.read(text);
        reader.end();
        var done = Html.all(rows);
        rows.clear();
        return done;
    }
}
