package dispatcher.cli.web.figure;

import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.PageRequest;
import java.util.List;

/// Periods that a page can be about, as links: which one it is stands in its address. Any other can be written there.
///
/// @param parameter in the address
/// @param unit      one of them, such as `hour`
/// @param numbers   of units
record Choices(String parameter, String unit, List<Integer> numbers) {
    private static final int DAY = 24;

    static final Choices HOURS = new Choices("hours", "hour", List.of(1, 3, 6, 12, 24, 72, 168));
    static final Choices DAYS = new Choices("days", "day", List.of(1, 7, 14, 31, 90));

    Choices {
        numbers = List.copyOf(numbers);
    }

    /// The one that the page is about.
    ///
    /// @throws IllegalArgumentException if the address has none from 1 to `most`
    int chosen(PageRequest request, int usual, int most) {
        int number = request.number(parameter, usual, most);
        if (number == 0)
            throw new IllegalArgumentException("the parameter '%s' is not from 1 to %d: 0".formatted(parameter, most));
        return number;
    }

    /// @param chosen see above
    Html links(PageRequest request, int chosen) {
        return element(
                "nav",
                Attribute.of("aria-label", "Period"),
                element(
                        "ul",
                        Html.all(numbers.stream()
                                .map(number -> element("li", link(request, number, number == chosen)))
                                .toList())));
    }

    private Html link(PageRequest request, int number, boolean isChosen) {
        return element(
                "a",
                Attribute.href(request.with(parameter, Integer.toString(number))),
                isChosen ? Attribute.of("aria-current", "true") : Html.NOTHING,
                Html.text("last " + words(number)));
    }

    /// Such as `6 hours`, or `3 days` for 72 of them.
    String words(int number) {
        if (unit.equals(HOURS.unit()) && number > DAY && number % DAY == 0) return DAYS.words(number / DAY);
        return number == 1 ? unit : "%d %ss".formatted(number, unit);
    }
}
