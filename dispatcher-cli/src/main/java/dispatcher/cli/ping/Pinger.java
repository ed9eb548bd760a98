package dispatcher.cli.ping;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineDescription;
import dispatcher.machine.probe.Probe;
import dispatcher.nix.StoreDir;
import dispatcher.protocol.HandshakeException;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.StoreDirCheck;
import dispatcher.protocol.serve.ServeClient;
import dispatcher.protocol.worker.WorkerClient;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Function;

/// Reaches machines, all at once, each on a virtual thread of its own.
public final class Pinger {
    private final Function<Machine, Transport> transports;
    private final Duration limit;
    private final OffCheck off;

    /// Whether a machine is off, and is to be left so.
    interface OffCheck {
        boolean isOff(Machine machine) throws IOException, InterruptedException;
    }

    /// @param transports gives the way to a machine, which is closed after use and keeps limits of its own while
    ///                   it connects
    /// @param limit      for Nix's greeting, and again for the machine's word on what it offers
    public Pinger(Function<Machine, Transport> transports, Duration limit) {
        this(transports, limit, _ -> false);
    }

    Pinger(Function<Machine, Transport> transports, Duration limit, OffCheck off) {
        this.transports = transports;
        this.limit = limit;
        this.off = off;
    }

    /// The machines' answers, in their order, when the last one is there.
    public List<Answer> ping(Collection<Machine> machines) throws InterruptedException {
        var tasks = new ArrayList<FutureTask<Answer>>();
        var threads = new ArrayList<Thread>();
        for (var machine : machines) {
            var task = new FutureTask<>(() -> ping(machine));
            tasks.add(task);
            threads.add(Thread.ofVirtual().name("ping " + machine.name()).start(task));
        }
        try {
            var answers = new ArrayList<Answer>();
            for (var task : tasks) answers.add(task.get());
            return answers;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a ping failed in an unforeseen way", e.getCause());
        } finally {
            threads.forEach(Thread::interrupt);
        }
    }

    private Answer ping(Machine machine) throws InterruptedException {
        if (machine.address().reach().dialsIn().isPresent()) return dialsIn(machine);
        try (var transport = transports.apply(machine)) {
            return off.isOff(machine) ? off(machine) : reach(machine, transport);
        } catch (UnreachableException e) {
            return failed(machine, verdict(e.kind()), e, e.nextStep());
        } catch (HandshakeException e) {
            return failed(machine, verdict(e.kind()), e, e.nextStep());
        } catch (IOException e) {
            return failed(machine, "broken", e, "log in there and see whether its Nix works");
        }
    }

    private static Answer off(Machine machine) {
        return new Answer.LeftAlone(
                machine,
                new Problem(
                        "off",
                        "it is started when a build goes there, and does not run now",
                        "start it to see whether it works: `dispatcher ping --start %s`".formatted(machine.name())));
    }

    /// It is connected to the dispatcher that runs, if one does, and not to us.
    private static Answer dialsIn(Machine machine) {
        return new Answer.LeftAlone(
                machine,
                new Problem(
                        "dials in",
                        "it connects to the running dispatcher, and only that one reaches it",
                        "see `dispatcher machines`, and 'machine has come' in the log of the dispatcher"));
    }

    private static Answer failed(Machine machine, String verdict, IOException e, String next) {
        var why = Optional.ofNullable(e.getMessage()).orElseGet(() -> "the connection broke (" + e + ")");
        return new Answer.Failed(machine, new Problem(verdict, why, next));
    }

    /// What a greeting says.
    private record Greeting(ProtocolVersion protocol, Optional<String> nixVersion, Optional<Boolean> trusted) {}

    private Answer reach(Machine stated, Transport transport) throws IOException, InterruptedException {
        long start = System.nanoTime();
        try (var channel = transport.open(stated.command())) {
            long connected = System.nanoTime();
            var greeting = greet(stated, channel);
            long greeted = System.nanoTime();
            var offered = probe(stated, transport);
            var machine = stated.describedBy(offered);
            var trusted = greeting.trusted().or(offered::trusted);
            return new Answer.Reached(
                    machine,
                    Duration.ofNanos(connected - start),
                    Duration.ofNanos(greeted - connected),
                    greeting.protocol(),
                    greeting.nixVersion().or(offered::nixVersion),
                    trusted,
                    offered,
                    CapabilityCheck.problems(stated, offered, trusted));
        }
    }

    private Greeting greet(Machine machine, CommandChannel channel) throws IOException, InterruptedException {
        try (var clock = new Deadline(limit, machine.name())) {
            clock.cuts(channel);
            try {
                return switch (machine.protocol()) {
                    case SSH_NG, LOCAL -> {
                        var client = new WorkerClient(channel, StoreDir.NIX_STORE, machine.name());
                        StoreDirCheck.require(client, StoreDir.NIX_STORE, machine.name());
                        yield worker(client);
                    }
                    case SSH -> {
                        var client = new ServeClient(channel, StoreDir.NIX_STORE, machine.name());
                        StoreDirCheck.require(client, StoreDir.NIX_STORE, machine.name());
                        yield new Greeting(client.version(), Optional.empty(), Optional.empty());
                    }
                };
            } catch (IOException e) {
                if (!clock.hasPassed()) throw e;
                throw new UnreachableException(
                        UnreachableException.Kind.TIMED_OUT,
                        "'%s' on %s gave no answer within %d ms"
                                .formatted(machine.command(), machine.address(), limit.toMillis()),
                        "log in there and see whether its nix-daemon answers",
                        e);
            }
        }
    }

    private static Greeting worker(WorkerClient client) {
        var trusted = switch (client.trust()) {
            case UNKNOWN -> Optional.<Boolean>empty();
            case TRUSTED -> Optional.of(true);
            case NOT_TRUSTED -> Optional.of(false);
        };
        return new Greeting(
                client.version(), Optional.of(client.nixVersion()).filter(version -> !version.isEmpty()), trusted);
    }

    /// A machine that does not say is not worse for it.
    private MachineDescription probe(Machine machine, Transport transport) throws InterruptedException {
        try (var clock = new Deadline(limit, "probe")) {
            return Probe.run(transport, machine.remoteProgram(), clock::cuts);
        } catch (IOException e) {
            return MachineDescription.NOTHING;
        }
    }

    private static String verdict(UnreachableException.Kind kind) {
        return switch (kind) {
            case UNKNOWN_HOST -> "no such host";
            case NO_ROUTE -> "no route";
            case REFUSED -> "refused";
            case TIMED_OUT -> "timed out";
            case HOST_KEY_UNKNOWN -> "host key unknown";
            case HOST_KEY_CHANGED -> "host key changed";
            case KEY_REJECTED -> "key rejected";
            case KEY_UNUSABLE -> "key unusable";
            case NOT_SSH -> "not SSH";
            case NO_CHANNEL -> "no channel";
            case AWAY -> "away";
            case BROKEN -> "broken";
        };
    }

    private static String verdict(HandshakeException.Kind kind) {
        return switch (kind) {
            case NO_NIX -> "no Nix";
            case NO_LOGIN -> "no login";
            case NO_DAEMON -> "no daemon";
            case OTHER_PROTOCOL -> "other protocol";
            case OTHER_STORE -> "other store";
            case NOISE -> "noise";
            case OLD_PROTOCOL -> "Nix too old";
            case ENDED -> "no answer";
        };
    }
}
