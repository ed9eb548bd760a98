package dispatcher.cli.top;

import dispatcher.cli.api.Figure;
import dispatcher.cli.terminal.Lines;
import dispatcher.text.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;

/// All that is on the screen at one moment: header, lists, and a line at the bottom.
///
/// @param picture what the dispatcher said last
/// @param problem why that is old, if it is
/// @param width   in the terminal's columns
/// @param height  in lines
record Frame(Picture picture, Optional<String> problem, Screen screen, int width, int height) {
    private static final AttributedStyle WARNING = AttributedStyle.BOLD.foreground(AttributedStyle.YELLOW);
    private static final AttributedStyle FAULT = AttributedStyle.BOLD.foreground(AttributedStyle.RED);
    private static final AttributedStyle FAINT = AttributedStyle.DEFAULT.faint();
    private static final String GAP = "   ";
    private static final List<String> HELP = List.of(
            "up, down, k, j   choose a row",
            "PgUp, PgDn       a page; Home, End: the first, the last row",
            "Tab, Shift-Tab   the next, the previous list",
            "/                show only rows with a text; Esc: all again",
            "d                drain the chosen machine: it gets no more builds",
            "r                resume it",
            "c                cancel the chosen build, with a reason",
            "?                this help",
            "q, Ctrl-C        quit",
            "",
            "SLOTS are taken (#) or free (.). FOR is since the build came to its",
            "machine, or into the queue. PLACE is among the builds that wait for the",
            "same machines.",
            "",
            "Any key goes back.");

    /// No more lines than the height, none wider than the width.
    List<AttributedString> lines() {
        var lines = new ArrayList<AttributedString>();
        header(lines);
        int bottom = height > lines.size() ? 1 : 0;
        int room = Math.max(0, height - lines.size() - bottom);
        var middle = screen.mode() instanceof Screen.Mode.Help ? help() : panes(room, true);
        lines.addAll(middle.subList(0, Math.min(room, middle.size())));
        while (lines.size() < height - bottom) lines.add(AttributedString.EMPTY);
        lines.add(bottom());
        return lines.stream()
                .limit(height)
                .map(line -> Columns.cut(line, width))
                .toList();
    }

    /// Header and all rows, for print: without keys, and as long as it gets.
    ///
    /// @param colours with the sequences of a terminal
    List<String> text(boolean colours) {
        var lines = new ArrayList<AttributedString>();
        header(lines);
        lines.addAll(panes(Integer.MAX_VALUE, false));
        return lines.stream()
                .map(line -> Columns.cut(line, width))
                .map(line -> colours ? line.toAnsi() : line.toString())
                .map(String::stripTrailing)
                .toList();
    }

    private static List<AttributedString> help() {
        return Stream.concat(Stream.of(""), HELP.stream())
                .map(AttributedString::new)
                .toList();
    }

    // ---- the header

    private void header(List<AttributedString> lines) {
        var status = picture.status();
        var items = new ArrayList<AttributedString>();
        items.add(plain("%d running on %d slots".formatted(status.running(), status.slots())));
        items.add(plain("%d waiting%s"
                .formatted(
                        status.waiting(),
                        status.oldest()
                                .map(since -> ", the oldest for " + Lines.until(since, status.now()))
                                .orElse(""))));
        items.add(plain("%d of %d machines usable"
                .formatted(status.machines().ready(), status.machines().all())));
        long troubled = status.problems().stream()
                .map(trouble -> trouble.machine())
                .distinct()
                .count();
        if (troubled > 0) items.add(new AttributedString(troubled + " with trouble", WARNING));
        items.add(new AttributedString(
                "last hour: %d built, %d failed"
                        .formatted(status.lastHour().built(), status.lastHour().failed()),
                FAINT));
        flow(items, lines);
        warnings(lines);
    }

    /// Puts items side by side, in as many lines as they need.
    private void flow(List<AttributedString> items, List<AttributedString> lines) {
        var line = new AttributedStringBuilder();
        for (var item : items) {
            int columns = line.columnLength();
            if (columns > 0 && columns + GAP.length() + item.columnLength() > width) {
                lines.add(line.toAttributedString());
                line = new AttributedStringBuilder();
            } else if (columns > 0) line.append(GAP);
            line.append(item);
        }
        lines.add(line.toAttributedString());
    }

    private void warnings(List<AttributedString> lines) {
        problem.ifPresent(why -> lines.add(new AttributedString(Printable.line(why), FAULT)));
        long refused = picture.status().lastHour().refused();
        if (refused > 0)
            lines.add(new AttributedString(
                    "! %s could go to no machine in the last hour: see `dispatcher builds --failed`"
                            .formatted(count(refused)),
                    WARNING));
        long stuck = picture.queue().builds().stream()
                .filter(build -> build.expectedStart() instanceof Figure.Absent)
                .count();
        if (stuck > 0)
            lines.add(new AttributedString(
                    "! %s %s for machines that take no builds now"
                            .formatted(count(stuck), stuck == 1 ? "waits" : "wait"),
                    WARNING));
    }

    private static String count(long builds) {
        return builds == 1 ? "1 build" : builds + " builds";
    }

    private static AttributedString plain(String text) {
        return new AttributedString(text);
    }

    // ---- the lists

    /// @param chosen whether it is seen which list and row is
    private List<AttributedString> panes(int room, boolean chosen) {
        var listings = Stream.of(Pane.values())
                .map(pane -> Listing.of(pane, picture, screen.filter()))
                .toList();
        var wanted = listings.stream().map(Frame::wanted).toList();
        // The blank line above each.
        int blanks = room > 4 * Pane.values().length ? Pane.values().length : 0;
        var heights = Heights.share(room - blanks, wanted, screen.pane().index());
        var lines = new ArrayList<AttributedString>();
        for (var pane : Pane.values()) {
            int height = heights.get(pane.index());
            if (height == 0) continue;
            if (blanks > 0) lines.add(AttributedString.EMPTY);
            pane(pane, listings.get(pane.index()), height, chosen && pane == screen.pane(), lines);
        }
        return lines;
    }

    private static int wanted(Listing listing) {
        return listing.rows().isEmpty() ? 2 : listing.rows().size() + 2;
    }

    private void pane(Pane pane, Listing listing, int room, boolean active, List<AttributedString> lines) {
        var rows = listing.rows();
        int selected = screen.selected(pane, rows);
        lines.add(title(pane, listing, active, selected));
        if (rows.isEmpty()) {
            if (room > 1)
                lines.add(new AttributedString(
                        "  " + (listing.all() > 0 ? "No row has that text." : pane.none()), FAINT));
            return;
        }
        var widths = listing.columns().widths(rows, width - 2);
        if (room > 1) lines.add(indented(listing.columns().head(widths)));
        int shown = Math.min(rows.size(), room - 2);
        int first = Math.clamp((long) selected - shown / 2, 0, Math.max(0, rows.size() - shown));
        for (int index = first; index < first + shown; index++) {
            var line = listing.columns().line(rows.get(index).cells(), widths);
            lines.add(active && index == selected ? marked(line) : indented(line));
        }
    }

    private AttributedString title(Pane pane, Listing listing, boolean active, int selected) {
        var count = listing.rows().size() == listing.all()
                ? Long.toString(listing.all())
                : "%d of %d".formatted(listing.rows().size(), listing.all());
        var place = active && selected >= 0 ? ", at %d".formatted(selected + 1) : "";
        return new AttributedString(
                "%s%s: %s%s".formatted(active ? "> " : "  ", pane.title(), count, place),
                active ? AttributedStyle.BOLD : AttributedStyle.DEFAULT);
    }

    private static AttributedString indented(AttributedString line) {
        return new AttributedStringBuilder().append("  ").append(line).toAttributedString();
    }

    /// The chosen row, which is seen without colours too.
    private AttributedString marked(AttributedString line) {
        var text = new AttributedStringBuilder().append("* ").append(line).toAttributedString();
        return new AttributedString(Columns.fitted(text, width).toString(), AttributedStyle.INVERSE);
    }

    // ---- the line at the bottom

    private AttributedString bottom() {
        return switch (screen.mode()) {
            case Screen.Mode.Filtering _ -> prompt("/", screen.filter());
            case Screen.Mode.Asking asking -> new AttributedString(Printable.line(asking.question()), WARNING);
            case Screen.Mode.Writing writing ->
                prompt(
                        "Cancel %s? Reason (Enter: cancel it, Esc: leave it): ".formatted(writing.build()),
                        writing.text());
            case Screen.Mode.Help() -> new AttributedString("? help", FAINT);
            case Screen.Mode.Looking() -> looking();
        };
    }

    private AttributedString looking() {
        if (!screen.message().isEmpty())
            return new AttributedString(Printable.line(screen.message()), AttributedStyle.BOLD);
        var keys = "q quit  ? help  Tab list  / filter  d drain  r resume  c cancel";
        return screen.filter().isEmpty()
                ? new AttributedString(keys, FAINT)
                : new AttributedString(
                        "only '%s' (Esc: all)  ".formatted(Printable.line(screen.filter())) + keys, FAINT);
    }

    /// The end of what is typed is seen, whatever its length.
    private AttributedString prompt(String head, String text) {
        var line = new AttributedString(head + Printable.line(text) + "_", AttributedStyle.BOLD);
        int columns = line.columnLength();
        return columns <= width ? line : line.columnSubSequence(columns - width, columns);
    }
}
