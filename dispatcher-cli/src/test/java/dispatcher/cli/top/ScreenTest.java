package dispatcher.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class ScreenTest {
    private final Picture picture = new Pictures()
            .machine("a", "ready", "", "hello")
            .machine("b", "drained", "")
            .waits("world", "ci")
            .take();
    private Screen screen = Screen.FIRST;
    private Optional<Order> order = Optional.empty();
    private boolean quits;

    private void press(Object... keys) {
        for (var key : keys) {
            var pressed = switch (key) {
                case Character sign -> Key.sign(sign);
                case Key.Kind kind -> Key.of(kind);
                default -> throw new IllegalArgumentException();
            };
            var step = screen.on(pressed, picture, 10);
            screen = step.screen();
            order = step.order();
            quits = step.quits();
        }
    }

    @Test
    void aMachineIsDrainedAfterAQuestionOnly() {
        press('d');
        assertThat(order).isEmpty();
        assertThat(screen.mode())
                .isEqualTo(new Screen.Mode.Asking(
                        new Order.Drain("a"), "Drain a? It gets no more builds; what runs there goes on: 1. y/n"));
        press('n');
        assertThat(order).isEmpty();
        press('d', 'y');
        assertThat(order).contains(new Order.Drain("a"));
        assertThat(screen.mode()).isEqualTo(new Screen.Mode.Looking());
    }

    @Test
    void onlyADrainedMachineIsResumed() {
        press('r');
        assertThat(screen.message()).isEqualTo("a is not drained");
        press(Key.Kind.DOWN, 'd');
        assertThat(screen.message()).isEqualTo("b is drained already");
        press('r', 'y');
        assertThat(order).contains(new Order.Resume("b"));
    }

    @Test
    void aBuildIsCancelledWithAReasonWhetherItRunsOrWaits() {
        press(Key.Kind.TAB, 'c', 'o', 'x', Key.Kind.BACKSPACE, 'k');
        assertThat(order).isEmpty();
        press(Key.Kind.ENTER);
        assertThat(order).contains(new Order.Cancel(Pictures.HASH + "-hello.drv", "ok"));

        press(Key.Kind.TAB, 'c', Key.Kind.ENTER);
        assertThat(order).contains(new Order.Cancel(Pictures.HASH + "-world.drv", ""));

        press('c', 'x', Key.Kind.ESCAPE);
        assertThat(order).isEmpty();
        assertThat(screen.mode()).isEqualTo(new Screen.Mode.Looking());
    }

    @Test
    void aKeyForAnotherListSaysSo() {
        press('c');
        assertThat(screen.message()).contains("choose a build first");
        press(Key.Kind.TAB, 'd');
        assertThat(screen.message()).contains("choose a machine first");
    }

    @Test
    void lettersThatAreTypedAreNoCommands() {
        press('/', 'q', 'd');
        assertThat(quits).isFalse();
        assertThat(screen.filter()).isEqualTo("qd");
        press(Key.Kind.BACKSPACE, Key.Kind.BACKSPACE, Key.Kind.BACKSPACE);
        assertThat(screen.filter()).isEmpty();
    }

    @Test
    void qAndCtrlCQuit() {
        press('q');
        assertThat(quits).isTrue();
        press('?', 'x', '/', Key.Kind.INTERRUPT);
        assertThat(quits).isTrue();
        press(Key.Kind.CLOSED);
        assertThat(quits).isTrue();
    }

    @Test
    void tabGoesRound() {
        press(Key.Kind.TAB, Key.Kind.TAB);
        assertThat(screen.pane()).isEqualTo(Pane.QUEUE);
        press(Key.Kind.TAB);
        assertThat(screen.pane()).isEqualTo(Pane.MACHINES);
        press(Key.Kind.BACK_TAB);
        assertThat(screen.pane()).isEqualTo(Pane.QUEUE);
    }
}
