package dispatcher.cli.top;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the user has chosen to see and is about to do.
///
/// @param pane    which the keys are for
/// @param cursors where the user is in each pane that has been visited
/// @param filter  only rows with this text; empty for all
/// @param message what came of the last order, or why a key did nothing; may be empty
record Screen(Pane pane, Map<Pane, Cursor> cursors, String filter, Mode mode, String message) {
    static final Screen FIRST = new Screen(Pane.MACHINES, Map.of(), "", new Mode.Looking(), "");
    private static final int LONGEST_TEXT = 200;

    Screen {
        cursors = Map.copyOf(cursors);
    }

    /// A row, and where it was when it was last seen.
    record Cursor(int index, String key) {}

    /// What keys do.
    sealed interface Mode {
        record Looking() implements Mode {}

        record Help() implements Mode {}

        /// A filter is typed.
        ///
        /// @param before what it was
        record Filtering(String before) implements Mode {}

        /// A yes is wanted.
        record Asking(Order order, String question) implements Mode {}

        /// A reason is typed.
        record Writing(Order.Cancel order, String build, String text) implements Mode {}
    }

    /// What comes of a key.
    record Step(Screen screen, Optional<Order> order, boolean quits) {
        static Step to(Screen screen) {
            return new Step(screen, Optional.empty(), false);
        }
    }

    /// The chosen row of these; -1 if there is none.
    int selected(Pane of, List<Row> rows) {
        var cursor = cursors.getOrDefault(of, new Cursor(0, ""));
        for (int index = 0; index < rows.size(); index++)
            if (rows.get(index).key().equals(cursor.key())) return index;
        return Math.min(cursor.index(), rows.size() - 1);
    }

    /// @param page rows that PgUp and PgDn skip
    Step on(Key key, Picture picture, int page) {
        if (key.kind() == Key.Kind.INTERRUPT || key.kind() == Key.Kind.CLOSED)
            return new Step(this, Optional.empty(), true);
        return switch (mode) {
            case Mode.Looking() -> looking(key, picture, page);
            case Mode.Help() -> key.is('q') ? new Step(this, Optional.empty(), true) : Step.to(in(new Mode.Looking()));
            case Mode.Filtering(var before) -> filtering(key, before);
            case Mode.Asking asking ->
                key.is('y') || key.is('Y')
                        ? new Step(in(new Mode.Looking()).saying("…"), Optional.of(asking.order()), false)
                        : Step.to(in(new Mode.Looking()));
            case Mode.Writing writing -> writing(key, writing);
        };
    }

    private Step looking(Key key, Picture picture, int page) {
        var quiet = saying("");
        return switch (key.kind()) {
            case UP -> Step.to(quiet.moved(picture, -1));
            case DOWN -> Step.to(quiet.moved(picture, 1));
            case PAGE_UP -> Step.to(quiet.moved(picture, -page));
            case PAGE_DOWN -> Step.to(quiet.moved(picture, page));
            case HOME -> Step.to(quiet.moved(picture, -Integer.MAX_VALUE / 2));
            case END -> Step.to(quiet.moved(picture, Integer.MAX_VALUE / 2));
            case TAB -> Step.to(quiet.at(pane.next(1)));
            case BACK_TAB -> Step.to(quiet.at(pane.next(-1)));
            case ESCAPE -> Step.to(quiet.filteredBy(""));
            case SIGN -> quiet.onSign(key.sign(), picture);
            default -> Step.to(this);
        };
    }

    private Step onSign(int sign, Picture picture) {
        return switch (sign) {
            case 'q' -> new Step(this, Optional.empty(), true);
            case 'k' -> Step.to(moved(picture, -1));
            case 'j' -> Step.to(moved(picture, 1));
            case '/' -> Step.to(in(new Mode.Filtering(filter)));
            case '?', 'h' -> Step.to(in(new Mode.Help()));
            case 'd', 'r' -> Step.to(onMachine(sign == 'd', picture));
            case 'c' -> Step.to(onBuild(picture));
            default -> Step.to(this);
        };
    }

    private Screen onMachine(boolean drain, Picture picture) {
        var chosen = chosen(Pane.MACHINES, picture);
        if (chosen.isEmpty()) return saying("choose a machine first: Tab changes the list");
        var machine = picture.machines().stream()
                .filter(it -> it.name().equals(chosen.get().key()))
                .findFirst()
                .orElseThrow();
        boolean drained = machine.state().equals("drained");
        if (drain == drained)
            return saying("%s is %s".formatted(machine.name(), drained ? "drained already" : "not drained"));
        var order = drain ? new Order.Drain(machine.name()) : new Order.Resume(machine.name());
        var question = drain
                ? "Drain %s? It gets no more builds; %s. y/n"
                        .formatted(
                                machine.name(),
                                machine.slotsTaken() == 0
                                        ? "nothing runs there"
                                        : "what runs there goes on: " + machine.slotsTaken())
                : "Resume %s? It gets builds again. y/n".formatted(machine.name());
        return in(new Mode.Asking(order, question));
    }

    private Screen onBuild(Picture picture) {
        var drv = switch (pane) {
            case MACHINES -> Optional.<String>empty();
            case RUNNING, QUEUE -> chosen(pane, picture).map(row -> row.key().split(" ", 2)[0]);
        };
        return drv.map(it -> in(new Mode.Writing(new Order.Cancel(it, ""), Listing.name(it), "")))
                .orElseGet(() -> saying("choose a build first: Tab changes the list"));
    }

    private Optional<Row> chosen(Pane wanted, Picture picture) {
        if (pane != wanted) return Optional.empty();
        var rows = Listing.of(pane, picture, filter).rows();
        int index = selected(pane, rows);
        return index < 0 ? Optional.empty() : Optional.of(rows.get(index));
    }

    private Step filtering(Key key, String before) {
        return switch (key.kind()) {
            case ENTER -> Step.to(in(new Mode.Looking()));
            case ESCAPE -> Step.to(filteredBy(before).in(new Mode.Looking()));
            default -> Step.to(filteredBy(typed(filter, key)));
        };
    }

    private Step writing(Key key, Mode.Writing writing) {
        return switch (key.kind()) {
            case ENTER ->
                new Step(
                        in(new Mode.Looking()).saying("…"),
                        Optional.of(writing.order().because(writing.text().strip())),
                        false);
            case ESCAPE -> Step.to(in(new Mode.Looking()).saying("nothing is cancelled"));
            default -> Step.to(in(new Mode.Writing(writing.order(), writing.build(), typed(writing.text(), key))));
        };
    }

    private static String typed(String text, Key key) {
        return switch (key.kind()) {
            case SIGN -> text.length() < LONGEST_TEXT ? text + Character.toString(key.sign()) : text;
            case BACKSPACE -> text.isEmpty() ? text : text.substring(0, text.offsetByCodePoints(text.length(), -1));
            default -> text;
        };
    }

    private Screen moved(Picture picture, int steps) {
        var rows = Listing.of(pane, picture, filter).rows();
        if (rows.isEmpty()) return this;
        int to = Math.clamp((long) selected(pane, rows) + steps, 0, rows.size() - 1);
        return with(new Cursor(to, rows.get(to).key()));
    }

    private Screen with(Cursor cursor) {
        var moved = new EnumMap<Pane, Cursor>(Pane.class);
        moved.putAll(cursors);
        moved.put(pane, cursor);
        return new Screen(pane, moved, filter, mode, message);
    }

    private Screen at(Pane next) {
        return new Screen(next, cursors, filter, mode, message);
    }

    private Screen filteredBy(String text) {
        return new Screen(pane, cursors, text, mode, message);
    }

    private Screen in(Mode next) {
        return new Screen(pane, cursors, filter, next, message);
    }

    Screen saying(String text) {
        return new Screen(pane, cursors, filter, mode, text);
    }
}
