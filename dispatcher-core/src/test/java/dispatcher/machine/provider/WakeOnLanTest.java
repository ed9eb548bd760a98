package dispatcher.machine.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.MacAddress;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class WakeOnLanTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @Test
    void sendsTheMagicPacket() throws Exception {
        try (var socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            socket.setSoTimeout(10_000);
            new WakeOnLan(MacAddress.parse("52-54-00-AB-cd-ef"), "127.0.0.1", socket.getLocalPort()).start(LIMIT);
            var packet = new DatagramPacket(new byte[200], 200);
            socket.receive(packet);
            assertThat(HexFormat.of().formatHex(Arrays.copyOf(packet.getData(), packet.getLength())))
                    .isEqualTo("ffffffffffff" + "525400abcdef".repeat(16));
        }
    }

    @Test
    void nobodyCanTellWhetherTheHostIsAwake() throws Exception {
        var provider = new WakeOnLan(MacAddress.parse("52:54:00:ab:cd:ef"), "127.0.0.1", 9);
        assertThat(provider.isRunning()).isEmpty();
        provider.stop(LIMIT);
    }

    @Test
    void aBroadcastAddressThatIsNotKnownIsNamed() {
        var provider = new WakeOnLan(MacAddress.parse("52:54:00:ab:cd:ef"), "no.such.host.invalid", 9);
        assertThatThrownBy(() -> provider.start(LIMIT))
                .isInstanceOf(IOException.class)
                .hasMessage("cannot wake 52:54:00:ab:cd:ef: the broadcast address 'no.such.host.invalid' is not known");
    }

    @Test
    void anAddressThatIsNoneIsRefused() {
        for (var text : new String[] {"", "52:54:00:ab:cd", "52:54:00:ab:cd:eg", "525400abcdef"})
            assertThatThrownBy(() -> MacAddress.parse(text))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("is no MAC address");
    }
}
