package dispatcher.ssh.tunnel;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.ssh.keys.HostKey;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.apache.sshd.common.session.Session;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The machines that connect to us: by which keys they come in, and which of them are there. Of each there is one
/// connection; a new one takes the place of one that has gone silent, and is refused while that is alive.
///
/// Safe for any number of threads. No I/O under the lock.
public final class DialIns {
    private static final Logger log = LoggerFactory.getLogger(DialIns.class);

    /// For the connection that is there, when another one comes.
    private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(3);

    private final ReentrantLock lock = new ReentrantLock();

    /// Names of the machines, by the keys with which they come.
    private volatile Map<HostKey, String> machines = Map.of();

    private volatile Consumer<String> arrived = _ -> {};

    @GuardedBy("lock")
    private final Map<HostKey, DialIn> connected = new HashMap<>();

    /// From now on these come in, and no others: connections of the others are closed.
    public void change(Map<HostKey, String> newMachines) {
        List<DialIn> unwanted = new ArrayList<>();
        lock.lock();
        try {
            machines = Map.copyOf(newMachines);
            connected.forEach((key, there) -> {
                if (!newMachines.containsKey(key)) unwanted.add(there);
            });
        } finally {
            lock.unlock();
        }
        unwanted.forEach(DialIn::close);
    }

    /// `action` gets the name of each machine that has come, on a thread that may block.
    public void onArrival(Consumer<String> action) {
        arrived = action;
    }

    /// The machine that comes in by a key; empty if it is none's.
    public Optional<String> machineOf(HostKey key) {
        return Optional.ofNullable(machines.get(key));
    }

    /// A machine has come and offers a port. Blocks while an older connection is asked for a sign of life.
    ///
    /// @return why it is not taken; empty if it is
    public Optional<String> offer(HostKey key, DialIn offered) throws InterruptedException {
        while (true) {
            DialIn before;
            lock.lock();
            try {
                if (!machines.containsKey(key)) return Optional.of("this key is no machine's any more");
                before = connected.get(key);
                if (before == null || !before.isOpen()) {
                    connected.put(key, offered);
                    break;
                }
            } finally {
                lock.unlock();
            }
            if (before.isOf(offered.session())) return Optional.of("one reverse forward is all that this key may open");
            if (before.answers(SIGN_OF_LIFE))
                return Optional.of("the machine %s is connected already, from %s; give each machine a key of its own"
                        .formatted(machineOf(key).orElse("of this key"), before.from()));
            log.atInfo()
                    .addKeyValue("machine", machineOf(key).orElse(""))
                    .addKeyValue("from", before.from())
                    .log("a silent connection of the machine is replaced");
            before.close();
            forget(key, before);
        }
        String name = machineOf(key).orElse("");
        offered.session().addCloseFutureListener(_ -> {
            if (forget(key, offered))
                log.atInfo()
                        .addKeyValue("machine", name)
                        .addKeyValue("from", offered.from())
                        .log("machine has gone");
        });
        log.atInfo()
                .addKeyValue("machine", name)
                .addKeyValue("from", offered.from())
                .log("machine has come");
        return Optional.empty();
    }

    /// The machine has heard that it is taken. May block.
    public void taken(HostKey key) {
        machineOf(key).ifPresent(arrived);
    }

    /// The machine withdraws the port of this connection.
    public void withdraw(HostKey key, Session session) {
        lock.lock();
        try {
            DialIn there = connected.get(key);
            if (there != null && there.isOf(session)) connected.remove(key);
        } finally {
            lock.unlock();
        }
    }

    private boolean forget(HostKey key, DialIn gone) {
        lock.lock();
        try {
            return connected.remove(key, gone);
        } finally {
            lock.unlock();
        }
    }

    /// A tunnel to the SSH server of the machine that comes in by a key.
    ///
    /// @throws UnreachableException if it is not there, or does not take it
    public Tunnel open(String key, String machine, Duration limit) throws UnreachableException, InterruptedException {
        DialIn there;
        lock.lock();
        try {
            there = connected.get(HostKey.parse(key));
        } finally {
            lock.unlock();
        }
        if (there == null || !there.isOpen())
            throw new UnreachableException(
                    Kind.AWAY,
                    "%s connects to us, and is not connected now".formatted(machine),
                    "see that the machine is on and its unit runs (`dispatcher machine unit` prints it): `systemctl status dispatcher-dial-in` there; its key must be that of the machine's dialsIn");
        try {
            return there.open(limit);
        } catch (Tunnel.RefusedException e) {
            throw new UnreachableException(
                    Kind.REFUSED,
                    "%s is connected from %s, and its ssh does not reach its sshd: %s"
                            .formatted(machine, there.from(), e.getMessage()),
                    "see that sshd runs there, at the port that its unit names after -R",
                    e);
        } catch (IOException e) {
            throw new UnreachableException(
                    Kind.AWAY,
                    "the connection of %s from %s does not answer: %s".formatted(machine, there.from(), e.getMessage()),
                    "see whether its network works; it connects again by itself",
                    e);
        }
    }
}
