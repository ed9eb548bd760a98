package dispatcher.cli.web.page;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.web.html.Html;
import java.util.ArrayList;
import java.util.List;

/// Names and values side by side, in the order in which they are added. Put together on one thread.
public final class Facts {
    private final List<Html> facts = new ArrayList<>();

    public void add(String name, Html value) {
        facts.add(element("div", element("dt", name), element("dd", value)));
    }

    public Html list() {
        return element("dl", cls("facts"), Html.all(facts));
    }
}
