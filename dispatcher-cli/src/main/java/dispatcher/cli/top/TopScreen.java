package dispatcher.cli.top;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;

/// The terminal while `top` has it: takes keys and draws frames until the user quits, and leaves it as it was.
final class TopScreen implements AutoCloseable {
    private static final Duration TICK = Duration.ofMillis(100);
    private static final Size USUAL = Size.of(80, 24);

    private final Terminal terminal;
    private final Supplier<Fleet.Sight> sights;
    private final Function<Order, String> orders;
    private final Attributes before;
    private final Display display;
    private final KeyReader keys;
    private final AtomicBoolean resized = new AtomicBoolean(true);
    private final AtomicBoolean closed = new AtomicBoolean();

    /// What came of the last order, until it is on the screen.
    private final AtomicReference<Optional<String>> outcome = new AtomicReference<>(Optional.empty());

    private Size size = USUAL;

    /// Takes the terminal.
    ///
    /// @param sights what there is to be seen now, which is asked for ten times a second
    /// @param orders has the dispatcher do something, and returns a line about it; called on a thread of its own
    TopScreen(Terminal terminal, Supplier<Fleet.Sight> sights, Function<Order, String> orders) {
        this.terminal = terminal;
        this.sights = sights;
        this.orders = orders;
        this.display = new Display(terminal, true);
        this.keys = new KeyReader(limit -> terminal.reader().read(limit.toMillis()));
        this.before = terminal.enterRawMode();
        // Ctrl-C comes as a key, so that no signal ends the program in the middle of a line.
        var raw = terminal.getAttributes();
        raw.setLocalFlag(Attributes.LocalFlag.ISIG, false);
        terminal.setAttributes(raw);
        terminal.handle(Terminal.Signal.WINCH, _ -> resized.set(true));
        terminal.puts(Capability.enter_ca_mode);
        terminal.puts(Capability.keypad_xmit);
        terminal.puts(Capability.cursor_invisible);
        terminal.flush();
    }

    /// Returns when the user quits, or the terminal is gone.
    void run() throws IOException {
        var screen = Screen.FIRST;
        Optional<Frame> drawn = Optional.empty();
        while (true) {
            var said = outcome.getAndSet(Optional.empty());
            if (said.isPresent()) screen = screen.saying(said.get());
            if (resized.getAndSet(false)) measure();
            var frame = frame(screen);
            if (!drawn.equals(Optional.of(frame))) {
                draw(frame.lines());
                drawn = Optional.of(frame);
            }
            var key = keys.next(TICK);
            if (key.isEmpty()) continue;
            if (key.get().kind() == Key.Kind.REDRAW) resized.set(true);
            var step = screen.on(key.get(), frame.picture(), Math.max(1, size.getRows() / 2));
            if (step.quits()) return;
            screen = step.screen();
            step.order().ifPresent(this::carryOut);
        }
    }

    private Frame frame(Screen screen) {
        var sight = sights.get();
        return new Frame(sight.picture(), sight.problem(), screen, size.getColumns(), size.getRows());
    }

    /// A terminal that does not know its size has the usual one.
    private void measure() {
        var now = terminal.getSize();
        size = now.getColumns() > 0 && now.getRows() > 0 ? now : USUAL;
        display.resize(size);
        display.clear();
        terminal.puts(Capability.clear_screen);
    }

    private void draw(List<AttributedString> lines) {
        display.update(lines, -1);
        terminal.flush();
    }

    private void carryOut(Order order) {
        Thread.ofVirtual().name("order of the user").start(() -> outcome.set(Optional.of(orders.apply(order))));
    }

    /// Gives the terminal back as it was. Safe for any thread, and to be called again.
    @Override
    public void close() {
        if (closed.getAndSet(true)) return;
        terminal.puts(Capability.cursor_normal);
        terminal.puts(Capability.keypad_local);
        terminal.puts(Capability.exit_ca_mode);
        terminal.flush();
        terminal.setAttributes(before);
    }
}
