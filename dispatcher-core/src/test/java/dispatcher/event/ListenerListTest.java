package dispatcher.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ListenerListTest {
    @Test
    void listenerThatThrowsKeepsTheEventFromNobodyElse() {
        var heard = new ArrayList<String>();
        var failing = new DispatcherListener() {
            @Override
            public void machineSetAside(String machine, String reason) {
                throw new IllegalStateException("nobody foresaw this");
            }
        };
        var other = new DispatcherListener() {
            @Override
            public void machineSetAside(String machine, String reason) {
                heard.add(machine + ": " + reason);
            }
        };
        new ListenerList(failing, other).machineSetAside("a", "off");

        assertThat(heard).isEqualTo(List.of("a: off"));
    }
}
