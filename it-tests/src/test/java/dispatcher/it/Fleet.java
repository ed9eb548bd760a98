package dispatcher.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Builder machines on this one, each a stock sshd and a stock Nix with its own store (see
/// `it-tests/fleet/host`), and a folder with the settings that make a Nix or a dispatcher use them.
///
/// The machines end with this JVM at the latest. Fleets do not disturb one another: each takes a net of its own,
/// `127.0.K`. Confined to one thread.
public final class Fleet implements AutoCloseable {
    private static final Pattern SYSTEMS = Pattern.compile("systems: (\\[[^]]*])");

    private static final Path PARENT = Path.of(System.getProperty("java.io.tmpdir"), "dispatcher-it");

    /// Stores may have hundreds of thousands of files, which go at some thousands a second.
    private static final Duration REMOVING = Duration.ofMinutes(15);

    private final Path folder;
    private final List<Machine> machines;

    private Fleet(Path folder, List<Machine> machines) {
        this.folder = folder;
        this.machines = List.copyOf(machines);
    }

    /// A fleet of `machines` machines with four jobs each, to be started.
    public static Builder of(int machines) {
        return new Builder(machines);
    }

    /// What the machines are to be like; [#start] makes them.
    public static final class Builder {
        private final int machines;
        private final List<String> options = new ArrayList<>();

        private Builder(int machines) {
            this.machines = machines;
        }

        public Builder jobs(int jobs) {
            return option("--jobs", Integer.toString(jobs));
        }

        /// `ssh-ng` (the default) or `ssh`, for the dispatcher's settings.
        public Builder protocol(String protocol) {
            return option("--protocol", protocol);
        }

        /// The login name on all machines; default `root`.
        public Builder user(String user) {
            return option("--user", user);
        }

        /// Whether that user is one of Nix's trusted users; default yes.
        public Builder trusted(boolean trusted) {
            return option("--trusted", trusted ? "yes" : "no");
        }

        /// Nix's `system-features` on all machines.
        public Builder features(String... features) {
            return option("--features", String.join(",", features));
        }

        /// sshd's MaxSessions.
        public Builder maxSessions(int sessions) {
            return option("--max-sessions", Integer.toString(sessions));
        }

        /// A network namespace for each machine, whose cable can be cut and throttled, see [Machine#cut].
        /// Only what runs [Fleet#within] the fleet reaches them.
        public Builder ownNetworks() {
            return option("--networks", "own");
        }

        /// A disk of its own for each machine's store, of a size like `64m`.
        public Builder disk(String size) {
            return option("--disk", size);
        }

        /// Takes Nix and sshd from another folder tree, see [NewerNix].
        public Builder nix(Path tree) {
            return option("--nix", tree.toString());
        }

        /// Any option of `fleet up`.
        public Builder option(String name, String value) {
            options.add(name);
            options.add(value);
            return this;
        }

        /// Starts all machines at once and returns when they can be reached.
        public Fleet start() throws IOException, InterruptedException {
            Files.createDirectories(PARENT);
            Command.of(Checkout.script("fleet"), "reap", PARENT)
                    .within(REMOVING)
                    .run()
                    .orFail();
            // The names are short because sockets live in there, whose paths may have 107 bytes.
            Path folder = Files.createTempDirectory(PARENT, "f");
            Result up = Command.of(Checkout.script("fleet"), "up", folder, machines)
                    .with("--net", "auto", "--owner", ProcessHandle.current().pid())
                    .with(options.toArray())
                    .run();
            if (!up.succeeded()) {
                Command.of(Checkout.script("fleet"), "down", folder).run();
            }
            return new Fleet(folder, machines(folder, up.orFail()));
        }

        private static List<Machine> machines(Path folder, Result up) {
            List<Machine> machines = new ArrayList<>();
            for (String line : up.lines()) {
                if (line.startsWith("host=")) {
                    String[] nameAndAddress = line.substring("host=".length()).split(" ", 2);
                    machines.add(new Machine(nameAndAddress[0], nameAndAddress[1], folder));
                }
            }
            return machines;
        }
    }

    /// One machine of a fleet.
    ///
    /// @param name    its name in the settings, also its host name
    /// @param address the loopback address that its sshd listens on
    /// @param fleet   the fleet's folder
    public record Machine(String name, String address, Path fleet) {

        /// Runs a command in it, as root, past its sshd.
        public Result run(Object... command) throws IOException, InterruptedException {
            return script("run").with(command).run();
        }

        /// Kills it and all its processes at once, as a power cut would. Its store stays.
        public void kill() throws IOException, InterruptedException {
            script("stop").run().orFail();
        }

        /// Starts it again, with the store, the host key and the address that it had.
        public void start() throws IOException, InterruptedException {
            script("start").with("--owner", ProcessHandle.current().pid()).run().orFail();
        }

        /// The same with Nix and sshd from another folder tree from now on, see [NewerNix].
        public void startWith(Path nix) throws IOException, InterruptedException {
            script("start")
                    .with("--nix", nix, "--owner", ProcessHandle.current().pid())
                    .run()
                    .orFail();
        }

        /// Freezes all its processes: connections stay open and nobody answers.
        public void pause() throws IOException, InterruptedException {
            script("pause").run().orFail();
        }

        public void resume() throws IOException, InterruptedException {
            script("resume").run().orFail();
        }

        /// Takes out its cable: nobody gets an answer, nor an error.
        public void cut() throws IOException, InterruptedException {
            cable("cut").orFail();
        }

        /// Puts the cable back.
        public void mend() throws IOException, InterruptedException {
            cable("mend").orFail();
        }

        /// Limits the rate each way, such as to `1mbit`.
        public void slow(String rate) throws IOException, InterruptedException {
            cable("slow", rate).orFail();
        }

        /// The same, and delays each packet, such as by `100ms`.
        ///
        /// @return false if this kernel cannot do that; then nothing has changed
        public boolean slow(String rate, String delay) throws IOException, InterruptedException {
            Result result = cable("slow", rate, delay);
            return result.exit() != 3 && result.orFail().succeeded();
        }

        /// Ends [#slow].
        public void clear() throws IOException, InterruptedException {
            cable("clear").orFail();
        }

        private Result cable(Object... words) throws IOException, InterruptedException {
            return script("cable").with(words).run();
        }

        public boolean alive() throws IOException, InterruptedException {
            return script("facts").run().succeeded();
        }

        /// What its sshd and its nix-daemon have logged since it was started.
        public String log() throws IOException {
            return Files.readString(folder().resolve("log"));
        }

        /// Its `/nix`, seen from outside.
        public Path nix() {
            return folder().resolve("nix");
        }

        /// Whether its store has this path, `/nix/store/...`, on disk.
        public boolean holds(String storePath) {
            return Files.exists(nix().resolveSibling(storePath.substring(1))) || holdsOnItsDisk(storePath);
        }

        private boolean holdsOnItsDisk(String storePath) {
            try {
                Path inside = nix().resolveSibling(storePath.substring(1));
                return Files.exists(Path.of("/proc/" + pidIn("disk") + "/root" + inside));
            } catch (IOException e) {
                return false; // it has none
            }
        }

        private long pidIn(String file) throws IOException {
            return Long.parseLong(Files.readString(folder().resolve(file)).split(" ", 2)[0]);
        }

        /// What runs in it, as seen from outside.
        public Stream<ProcessHandle> processes() throws IOException {
            return ProcessHandle.of(pidIn("init")).stream().flatMap(ProcessHandle::descendants);
        }

        /// What runs in it and has this text in its command line.
        public List<ProcessHandle> processes(String text) throws IOException {
            return processes()
                    .filter(process -> process.info().commandLine().orElse("").contains(text))
                    .toList();
        }

        /// The line of its public host key file.
        public String hostKey() throws IOException {
            return Files.readString(folder().resolve("ssh/ssh_host_ed25519_key.pub"))
                    .strip();
        }

        private Path folder() {
            return fleet.resolve("hosts").resolve(name);
        }

        private Command script(String command) {
            return Command.of(Checkout.script("host"), command, folder());
        }
    }

    public List<Machine> machines() {
        return machines;
    }

    /// The machine at this place, counted from 0.
    public Machine machine(int index) {
        return machines.get(index);
    }

    /// The fleet's folder; it goes when the fleet is closed.
    public Path folder() {
        return folder;
    }

    /// The command, run where the machines can be reached: the same as it was unless they have networks of their own.
    public Command within(Command command) {
        if (!Files.exists(folder.resolve("hub"))) {
            return command;
        }
        return command.after(Checkout.script("fleet"), "in", folder);
    }

    /// What its machines build for, as its settings have it: such as `[x86_64-linux, i686-linux]`.
    public String systems() throws IOException {
        return SYSTEMS.matcher(Files.readString(settings()))
                .results()
                .findFirst()
                .map(found -> found.group(1))
                .orElseThrow();
    }

    /// Settings of a dispatcher that has these machines.
    public Path settings() {
        return folder.resolve("dispatcher.yaml");
    }

    /// Where a dispatcher with [#settings] listens.
    public Path socket() {
        return folder.resolve("dispatcher.sock");
    }

    /// The value of Nix's `builders` that names the machines themselves, over ssh-ng.
    public String nixBuilders() {
        return "@" + folder.resolve("machines");
    }

    /// The value of Nix's `builders` that names the machines themselves, over the legacy ssh protocol.
    public String nixBuildersOverSsh() {
        return "@" + folder.resolve("machines.ssh");
    }

    public Path knownHosts() {
        return folder.resolve("known_hosts");
    }

    public Path sshConfig() {
        return folder.resolve("ssh_config");
    }

    /// The private key that logs in to all machines.
    public Path key() {
        return folder.resolve("key");
    }

    /// What `fleet up` has said of it, such as `net` and `port`.
    public Map<String, String> facts() throws IOException {
        return Facts.parse(Files.readString(folder.resolve("facts")));
    }

    /// Kills the machines and the clients that belong to them, and removes all their folders.
    @Override
    public void close() throws IOException {
        Command.of(Checkout.script("fleet"), "down", folder)
                .within(REMOVING)
                .runUninterrupted()
                .orFail();
    }
}
