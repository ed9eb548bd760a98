package dispatcher.cli.web.page;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Forms of pages: filters, whose state goes into the address, and actions.
public final class Form {
    /// The path before the name of an action.
    public static final String ACTIONS = "/actions/";

    /// Where a browser goes after an action.
    public static final String BACK = "back";

    private Form() {}

    /// Filters of a page: a text field each, or a choice where there are options. Other parameters stay.
    public static Html filters(PageRequest request, Filter... filters) {
        var parts = new ArrayList<Html>();
        var own = List.of(filters).stream().map(Filter::name).toList();
        request.query().forEach((name, value) -> {
            if (!own.contains(name)) parts.add(hidden(name, value));
        });
        for (var filter : filters) parts.add(field(request, filter));
        parts.add(element("button", "Show"));
        return element(
                "form",
                cls("filters"),
                Attribute.of("method", "get"),
                Attribute.of("action", request.path()),
                Attribute.of("role", "search"),
                Html.all(parts));
    }

    /// @param name    of the parameter
    /// @param options what can be chosen beside everything; empty for any text
    public record Filter(String name, String label, List<String> options) {
        public Filter {
            options = List.copyOf(options);
        }

        public static Filter text(String name, String label) {
            return new Filter(name, label, List.of());
        }
    }

    private static Html field(PageRequest request, Filter filter) {
        var value = request.parameter(filter.name()).orElse("");
        var input = filter.options().isEmpty()
                ? element(
                        "input",
                        Attribute.of("name", filter.name()),
                        Attribute.of("value", value),
                        Attribute.of("autocomplete", "off"))
                : element(
                        "select",
                        Attribute.of("name", filter.name()),
                        option("", "any", value),
                        value.isEmpty() || filter.options().contains(value)
                                ? Html.NOTHING
                                : option(value, value, value),
                        Html.all(filter.options().stream()
                                .map(each -> option(each, each, value))
                                .toList()));
        return element("label", element("span", filter.label()), input);
    }

    private static Html option(String value, String text, String chosen) {
        var selected = value.equals(chosen) ? Attribute.flag("selected") : Html.NOTHING;
        return element("option", Attribute.of("value", value), selected, Html.text(text));
    }

    private static Html hidden(String name, String value) {
        return element(
                "input", Attribute.of("type", "hidden"), Attribute.of("name", name), Attribute.of("value", value));
    }

    /// A button that does something, after which the browser comes back to the page.
    ///
    /// @param action what is done, such as `drain`
    /// @param fields what it is done with
    /// @param asked  what the person is asked for too
    public static Html action(
            PageRequest request, String action, String button, Map<String, String> fields, Asked... asked) {
        var parts = new ArrayList<Html>();
        fields.forEach((name, value) -> parts.add(hidden(name, value)));
        parts.add(hidden(BACK, request.here()));
        for (var each : asked)
            parts.add(element(
                    "label",
                    element("span", each.label()),
                    element(
                            "input",
                            Attribute.of("name", each.name()),
                            Attribute.of("maxlength", Integer.toString(each.longest())),
                            Attribute.of("autocomplete", "off"))));
        parts.add(element("button", button));
        return element(
                "form",
                cls("action"),
                Attribute.of("method", "post"),
                Attribute.of("action", ACTIONS + action),
                Html.all(parts));
    }

    /// A text that a person is asked for.
    public record Asked(String name, String label, int longest) {}
}
