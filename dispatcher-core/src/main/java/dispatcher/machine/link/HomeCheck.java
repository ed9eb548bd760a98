package dispatcher.machine.link;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.access.ClientIdentity;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.nix.StoreDir;
import dispatcher.thread.Interruption;
import dispatcher.thread.TimeLimit;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether one machine is the very host that a client asks from. The client's Nix holds locks on the outputs of
/// what it asks for; the machine's Nix would wait for these while the client waits for it.
///
/// Only a machine at the client's address can be that: the machine is asked then whether it has the client's
/// connection, or, for a client on this host, whether its kernel and its store are ours. Behind one address there
/// may be several hosts. A machine that gives no answer counts as the client's host if it is reached at the usual
/// port.
///
/// A machine that is this very host, at its daemon's socket, is that of every client on this host, by whichever way
/// that came in.
///
/// Safe for any thread; asks over connections that are there, a few seconds at most.
final class HomeCheck {
    private static final Logger log = LoggerFactory.getLogger(HomeCheck.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int LONGEST_ANSWER = 64 * 1024;
    private static final int MOST_KNOWN = 256;
    private static final String HEAD = "dispatcher-home 1";
    private static final String CONNECTED = "@connected";
    private static final String END = "@end";

    /// Comes on standard input, as [dispatcher.machine.load.MachineSampler]'s.
    private static final String SCRIPT = """
            PATH=$PATH:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:/usr/local/bin:/usr/bin:/bin
            tell() {
                echo; echo 'dispatcher-home 1'
                [ -r /proc/net/tcp ] || return
                cat /proc/sys/kernel/random/boot_id
                stat -c '%d:%i' DATABASE
                grep -hiE '^ *[0-9]+: [0-9A-F]+:PORT [0-9A-F]+:[0-9A-F]+ 01 ' /proc/net/tcp /proc/net/tcp6 | sed 's/.*/@connected/'
                echo @end
            }
            tell </dev/null 2>/dev/null
            """;

    private enum Answer {
        YES,
        NO,
        /// It was asked and gave no answer.
        SILENT,
        /// It could not be asked.
        UNKNOWN
    }

    /// Whether an address that connections led to is one of this host's.
    private record Place(String peer, boolean here) {}

    /// What distinguishes this host and its store from others.
    interface ThisHost {
        /// Boot id, and device and inode of the store's database; empty if that cannot be seen.
        Optional<List<String>> marks();

        boolean has(String address);
    }

    private final Supplier<Machine> machine;
    private final Transport transport;
    private final StoreDir storeDir;
    private final ThisHost thisHost;
    private final ReentrantLock lock = new ReentrantLock();

    private volatile Place place = new Place("", false);

    /// By the client's address with its port, the latest last.
    @GuardedBy("lock")
    private final Map<String, Boolean> known = new LinkedHashMap<>();

    HomeCheck(Supplier<Machine> machine, Transport transport, StoreDir storeDir, ThisHost thisHost) {
        this.machine = machine;
        this.transport = transport;
        this.storeDir = storeDir;
        this.thisHost = thisHost;
    }

    boolean isHomeOf(ClientIdentity client) throws InterruptedException {
        if (machine.get().address().socket().isPresent()) return isOnThisHost(client);
        var peer = transport.peer();
        if (peer.isEmpty()) return false;
        boolean mayBe = client.local() ? isHere(peer.get()) : client.host().equals(peer);
        if (!mayBe) return false;
        var before = known(client);
        if (before.isPresent()) return before.get();
        var answer = client.local() ? isThisHost() : hasConnection(client);
        boolean isHome = switch (answer) {
            case YES -> true;
            case NO -> false;
            case SILENT, UNKNOWN -> !client.local() && machine.get().address().port() == MachineAddress.SSH_PORT;
        };
        if (answer != Answer.UNKNOWN) remember(client, isHome);
        return isHome;
    }

    /// A client that has one of our addresses may still be in a container that shares it.
    private boolean isOnThisHost(ClientIdentity client) throws InterruptedException {
        if (client.local()) return true;
        if (client.host().filter(thisHost::has).isEmpty()) return false;
        var before = known(client);
        if (before.isPresent()) return before.get();
        boolean isHere = hasConnection(client) != Answer.NO;
        remember(client, isHere);
        return isHere;
    }

    /// Looked up once, as that takes long where there are many machines.
    private boolean isHere(String peer) {
        var known = place;
        if (!known.peer.equals(peer)) {
            known = new Place(peer, thisHost.has(peer));
            place = known;
        }
        return known.here;
    }

    private Optional<Boolean> known(ClientIdentity client) {
        lock.lock();
        try {
            return Optional.ofNullable(known.get(client.address()));
        } finally {
            lock.unlock();
        }
    }

    private void remember(ClientIdentity client, boolean isHome) {
        lock.lock();
        try {
            known.put(client.address(), isHome);
            if (known.size() > MOST_KNOWN)
                known.remove(known.keySet().iterator().next());
        } finally {
            lock.unlock();
        }
    }

    private Answer isThisHost() throws InterruptedException {
        var ours = thisHost.marks();
        if (ours.isEmpty()) return Answer.UNKNOWN;
        return ask("0000", ours.get());
    }

    private Answer hasConnection(ClientIdentity client) throws InterruptedException {
        return ask("%04X".formatted(client.port().orElse(0)), List.of(CONNECTED));
    }

    /// Whether its answer has all of these lines.
    private Answer ask(String port, List<String> wanted) throws InterruptedException {
        try {
            var channel = transport.openIfConnected("sh");
            if (channel.isEmpty()) return Answer.UNKNOWN;
            var lines = answer(channel.get(), port).lines().toList();
            if (!lines.contains(HEAD) || !lines.contains(END)) return Answer.SILENT;
            return lines.containsAll(wanted) ? Answer.YES : Answer.NO;
        } catch (IOException e) {
            Interruption.rethrow(e);
            log.atDebug()
                    .addKeyValue("machine", machine.get().name())
                    .log("cannot be asked who it is: {}", e.toString());
            return Answer.UNKNOWN;
        }
    }

    private String answer(CommandChannel channel, String port) throws IOException, InterruptedException {
        try (channel;
                var _ = new TimeLimit(PATIENCE, channel::close)) {
            try (var out = channel.out()) {
                out.write(SCRIPT.replace("DATABASE", "'" + database(storeDir) + "'")
                        .replace("PORT", port)
                        .getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // The program does not read; its output shows whether it is one of ours.
                Interruption.rethrow(e);
            }
            return new String(channel.in().readNBytes(LONGEST_ANSWER), StandardCharsets.ISO_8859_1);
        }
    }

    private static Path database(StoreDir storeDir) {
        return Path.of(storeDir.path()).resolveSibling("var/nix/db");
    }

    /// The host that this program runs on.
    static ThisHost thisHost(StoreDir storeDir) {
        return new ThisHost() {
            @Override
            public Optional<List<String>> marks() {
                try {
                    var database = database(storeDir);
                    return Optional.of(List.of(
                            Files.readString(Path.of("/proc/sys/kernel/random/boot_id"))
                                    .strip(),
                            Files.getAttribute(database, "unix:dev") + ":" + Files.getAttribute(database, "unix:ino")));
                } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
                    return Optional.empty();
                }
            }

            @Override
            public boolean has(String address) {
                try {
                    // Numeric, so that no name server is asked.
                    var there = InetAddress.getByName(address);
                    return there.isLoopbackAddress() || NetworkInterface.getByInetAddress(there) != null;
                } catch (IOException e) {
                    return false;
                }
            }
        };
    }
}
