package dispatcher.machine.provider;

import dispatcher.machine.MacAddress;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/// A host that sleeps until a magic packet comes. It goes to sleep by itself, and nobody can tell whether it does.
final class WakeOnLan implements MachineProvider {
    private static final int FILL = 6;
    private static final int REPEATS = 16;

    private final MacAddress mac;
    private final String broadcast;
    private final int port;

    WakeOnLan(MacAddress mac, String broadcast, int port) {
        this.mac = mac;
        this.broadcast = broadcast;
        this.port = port;
    }

    /// Six bytes of ones, then the address sixteen times.
    static byte[] packet(MacAddress mac) {
        var address = mac.bytes();
        var packet = new byte[FILL + REPEATS * address.length];
        Arrays.fill(packet, 0, FILL, (byte) 0xff);
        for (int i = 0; i < REPEATS; i++)
            System.arraycopy(address, 0, packet, FILL + i * address.length, address.length);
        return packet;
    }

    @Override
    public void start(Duration limit) throws IOException {
        var to = new InetSocketAddress(broadcast, port);
        if (to.isUnresolved())
            throw new IOException("cannot wake %s: the broadcast address '%s' is not known".formatted(mac, broadcast));
        var packet = packet(mac);
        try (var socket = new DatagramSocket()) {
            socket.setBroadcast(true);
            socket.send(new DatagramPacket(packet, packet.length, to));
        } catch (IOException e) {
            throw new IOException(
                    "cannot wake %s by a packet to %s port %d: %s".formatted(mac, broadcast, port, e.getMessage()), e);
        }
    }

    @Override
    public void stop(Duration limit) {}

    @Override
    public Optional<Boolean> isRunning() {
        return Optional.empty();
    }
}
