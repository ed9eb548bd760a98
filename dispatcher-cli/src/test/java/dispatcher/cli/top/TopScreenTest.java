package dispatcher.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.testkit.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.ExternalTerminal;
import org.jline.utils.ScreenTerminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The whole screen on a terminal of JLine's own, whose output goes through JLine's terminal emulator.
class TopScreenTest {
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private final ScreenTerminal shown = new ScreenTerminal(80, 24);
    private final AtomicReference<Fleet.Sight> sight = new AtomicReference<>();
    private final List<Order> orders = new CopyOnWriteArrayList<>();
    private OutputStream typing;
    private Terminal terminal;
    private Attributes before;
    private FutureTask<Void> run;

    @BeforeEach
    void start() throws IOException {
        see(new Pictures().machine("builder-1", "ready", "").take());
        var input = new PipedInputStream();
        typing = new PipedOutputStream(input);
        terminal = new ExternalTerminal("test", "xterm-256color", input, output(), StandardCharsets.UTF_8);
        terminal.setSize(Size.of(80, 24));
        before = terminal.getAttributes();
        run = new FutureTask<>(() -> {
            try (var screen = new TopScreen(terminal, sight::get, order -> {
                orders.add(order);
                return "done: " + order;
            })) {
                screen.run();
            }
            return null;
        });
        Thread.ofVirtual().name("top").start(run);
    }

    private OutputStream output() {
        return new OutputStream() {
            @Override
            public void write(int b) {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int length) {
                synchronized (sent) {
                    sent.write(bytes, from, length);
                    shown.write(new String(bytes, from, length, StandardCharsets.UTF_8));
                }
            }
        };
    }

    @AfterEach
    void stop() throws Exception {
        typing.close();
        run.get(10, TimeUnit.SECONDS);
        terminal.close();
    }

    private void see(Picture picture) {
        sight.set(new Fleet.Sight(picture, Optional.empty()));
    }

    private void type(String text) throws IOException {
        typing.write(text.getBytes(StandardCharsets.UTF_8));
        typing.flush();
    }

    private String screen() {
        synchronized (sent) {
            return shown.toString();
        }
    }

    private void awaitScreen(String text) {
        Await.until(text + " in\n" + screen(), () -> screen().contains(text));
    }

    @Test
    void itFollowsWhatHappensAndQuitsLeavingTheTerminalAsItWas() throws Exception {
        awaitScreen("* builder-1");
        assertThat(terminal.getAttributes().getLocalFlag(Attributes.LocalFlag.ISIG))
                .isFalse();

        see(new Pictures()
                .machine("builder-1", "ready", "")
                .machine("builder-2", "set-aside", "it is away")
                .take());
        awaitScreen("it is away");
        type("q");
        run.get(10, TimeUnit.SECONDS);

        assertThat(terminal.getAttributes().toString()).isEqualTo(before.toString());
        assertThat(sent.toString(StandardCharsets.UTF_8)).contains("\u001b[?1049h", "\u001b[?1049l", "\u001b[?25l");
    }

    @Test
    void aMachineIsDrainedByTwoKeysAndTheOutcomeIsShown() throws Exception {
        awaitScreen("* builder-1");
        type("d");
        awaitScreen("Drain builder-1?");
        assertThat(orders).isEmpty();
        type("y");
        awaitScreen("done: Drain[machine=builder-1]");
        assertThat(orders).containsExactly(new Order.Drain("builder-1"));
    }

    @Test
    void ctrlCQuits() throws Exception {
        awaitScreen("builder-1");
        type("\u0003");
        run.get(10, TimeUnit.SECONDS);
    }

    @Test
    void itFitsANewSizeOfTheTerminal() throws Exception {
        var pictures = new Pictures().machine("builder-1", "ready", "", "hello");
        see(pictures.take());
        awaitScreen("SHOULD END");
        synchronized (sent) {
            shown.setSize(Size.of(40, 12));
        }
        terminal.setSize(Size.of(40, 12));
        terminal.raise(Terminal.Signal.WINCH);
        Await.until("the narrow frame", () -> screen().contains("* builder-1") && !screen().contains("SHOULD END"));
    }
}
