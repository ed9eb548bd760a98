package dispatcher.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// A stock Nix with a store of its own, that may not build itself: a CI coordinator or a developer's machine
/// (see `it-tests/fleet/client`). It sees this machine's files, and can log in to the machines of the fleet
/// that it belongs to. Confined to one thread, but for [#run], which may run several commands at a time.
public final class NixClient implements AutoCloseable {

    private static final AtomicInteger COUNT = new AtomicInteger();

    private final Path folder;
    private final String builders;
    private final Duration timeout;

    private NixClient(Path folder, String builders, Duration timeout) {
        this.folder = folder;
        this.builders = builders;
        this.timeout = timeout;
    }

    /// A client beside this fleet, to be started; its builders are the fleet's own machines unless it is given others.
    public static Builder beside(Fleet fleet) {
        return new Builder(fleet);
    }

    /// What the client is to be like; [#start] makes it.
    public static final class Builder {
        private final Fleet fleet;
        private final List<String> options = new ArrayList<>();
        private final StringBuilder settings = new StringBuilder();
        private String builders;
        private Path sshConfig;
        private Duration timeout = Duration.ofMinutes(3);

        private Builder(Fleet fleet) {
            this.fleet = fleet;
            this.builders = fleet.nixBuilders();
            this.sshConfig = fleet.sshConfig();
        }

        /// The value of Nix's `builders`, such as the line of `dispatcher builders`.
        public Builder builders(String line) {
            this.builders = line;
            return this;
        }

        /// Works through a nix-daemon of its own instead of directly on the store.
        public Builder daemon() {
            options.add("--daemon");
            return this;
        }

        /// Its ssh's configuration; by default that by which it reaches the fleet's machines.
        public Builder sshConfig(Path file) {
            this.sshConfig = file;
            return this;
        }

        /// Lets its ssh share connections.
        public Builder controlMaster() {
            options.add("--control-master");
            return this;
        }

        /// Takes Nix from another folder tree, see [NewerNix].
        public Builder nix(Path tree) {
            options.add("--nix");
            options.add(tree.toString());
            return this;
        }

        /// A line for its nix.conf.
        public Builder setting(String line) {
            settings.append(line).append('\n');
            return this;
        }

        /// Turns on floating content-addressed derivations.
        public Builder contentAddressed() {
            return setting("extra-experimental-features = ca-derivations");
        }

        /// After this time a command is killed and the test fails; default three minutes.
        public Builder timeout(Duration limit) {
            this.timeout = limit;
            return this;
        }

        public NixClient start() throws IOException, InterruptedException {
            Path folder = fleet.folder().resolve("clients").resolve("c" + COUNT.incrementAndGet());
            Path extra = Files.writeString(fleet.folder().resolve(folder.getFileName() + ".conf"), settings.toString());
            fleet.within(Command.of(Checkout.script("client"), "start", folder))
                    .with("--ssh-config", sshConfig, "--known-hosts", fleet.knownHosts())
                    .with("--extra-nix-conf", extra)
                    .with("--owner", ProcessHandle.current().pid())
                    .with(options.toArray())
                    .run()
                    .orFail();
            return new NixClient(folder, builders, timeout);
        }
    }

    /// Runs any command in it, as root.
    public Result run(Object... words) throws IOException, InterruptedException {
        return command(words).run();
    }

    /// A command that runs in it, to be run by the caller.
    public Command command(Object... words) {
        return Command.of(Checkout.script("client"), "run", folder).with(words).within(timeout);
    }

    /// Builds one of the graphs of `it-tests/fleet/graphs` with `nix-build`, anew. Each line of the result's standard
    /// output is a store path.
    ///
    /// @param graph     the name of its file, without `.nix`
    /// @param arguments names and values of the graph's arguments by turns; its salt is a new one unless given here
    public Result build(String graph, String... arguments) throws IOException, InterruptedException {
        return buildCommand(graph, arguments).run();
    }

    /// The command of [#build], for tests that add options or run it in the background.
    public Command buildCommand(String graph, String... arguments) {
        if (arguments.length % 2 != 0) {
            throw new IllegalArgumentException("a name without a value: " + arguments[arguments.length - 1]);
        }
        Command command = command("nix-build", "--no-out-link", "--max-jobs", 0, "--builders", builders)
                .with(Checkout.graph(graph));
        boolean salted = false;
        for (int i = 0; i < arguments.length; i += 2) {
            command = command.with("--argstr", arguments[i], arguments[i + 1]);
            salted |= arguments[i].equals("salt");
        }
        return salted ? command : command.with("--argstr", "salt", newSalt());
    }

    /// A salt that no graph was built with before.
    public static String newSalt() {
        return ProcessHandle.current().pid() + "-" + System.nanoTime();
    }

    /// The value of Nix's `builders` in [#build].
    public String builders() {
        return builders;
    }

    /// Where a path of its store, `/nix/store/...`, is seen from outside.
    public Path outside(String storePath) {
        return folder.resolve(storePath.substring(1));
    }

    /// Its nix-daemon's socket, seen from outside; there is one only with [Builder#daemon].
    public Path daemonSocket() {
        return folder.resolve("daemon.sock");
    }

    /// Ends all that runs in it, and removes its store.
    @Override
    public void close() throws IOException {
        Command.of(Checkout.script("client"), "rm", folder).runUninterrupted().orFail();
    }
}
