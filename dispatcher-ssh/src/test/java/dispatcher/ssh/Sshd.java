package dispatcher.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dispatcher.machine.MachineAddress;
import dispatcher.ssh.client.SshClientOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// A real sshd on a loopback address, with keys of its own, in a folder of its own.
public final class Sshd implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/sbin/sshd");
    public static final String HOST = "127.0.3.1";
    private static final Set<Integer> HANDED_OUT = ConcurrentHashMap.newKeySet();

    final Path dir;
    public final Path clientKey;
    public final Path knownHosts;
    public final int port;
    private final List<String> settings;
    private Process process;

    private Sshd(Path dir, int port, List<String> settings) throws IOException, InterruptedException {
        this.dir = dir;
        this.port = port;
        this.settings = settings;
        clientKey = dir.resolve("client");
        knownHosts = dir.resolve("known_hosts");
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwx------"));
        makeKey(clientKey, "ed25519");
        makeKey(dir.resolve("host"), "ed25519");
        Files.copy(dir.resolve("client.pub"), dir.resolve("authorized_keys"));
        Files.writeString(knownHosts, "[" + HOST + "]:" + port + " " + hostKey() + "\n");
        process = launch();
    }

    /// Skips the test where there is no sshd, or we may not run one.
    public static void assumeThere() {
        assumeTrue(Files.isExecutable(PROGRAM), "no /usr/sbin/sshd: install openssh-server");
        assumeTrue("root".equals(System.getProperty("user.name")), "sshd can be run by root only");
    }

    /// Starts one, with more lines for its sshd_config.
    public static Sshd start(Path dir, String... settings) throws IOException, InterruptedException {
        assumeThere();
        Files.createDirectories(Path.of("/run/sshd"));
        return new Sshd(dir, freePort(), List.of(settings));
    }

    /// A port of [#HOST] that nothing listens on, and that no other test of this process gets.
    public static int freePort() throws IOException {
        while (true) {
            try (ServerSocket socket = new ServerSocket()) {
                socket.bind(new InetSocketAddress(HOST, 0));
                if (HANDED_OUT.add(socket.getLocalPort())) return socket.getLocalPort();
            }
        }
    }

    public static void makeKey(Path file, String type, String... more) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("ssh-keygen", "-q", "-t", type, "-f", file.toString()));
        command.addAll(more.length == 0 ? List.of("-N", "") : List.of(more));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        if (process.waitFor() != 0) throw new IOException("ssh-keygen: " + output);
    }

    private Process launch() throws IOException, InterruptedException {
        List<String> config = new ArrayList<>(List.of(
                "ListenAddress " + HOST + ":" + port,
                "HostKey " + dir.resolve("host"),
                "AuthorizedKeysFile " + dir.resolve("authorized_keys"),
                "PidFile none",
                "UsePAM no",
                "StrictModes no",
                "SetEnv SHLVL=2",
                "PermitRootLogin yes",
                "MaxStartups 100",
                "LogLevel VERBOSE"));
        // SHLVL keeps bash from running the user's own start-up file, which may be slow.
        config.addAll(0, settings);
        Files.write(dir.resolve("sshd_config"), config);
        Process started = new ProcessBuilder(
                        PROGRAM.toString(),
                        "-D",
                        "-e",
                        "-f",
                        dir.resolve("sshd_config").toString())
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(dir.resolve("log").toFile()))
                .start();
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!answers()) {
            if (!started.isAlive() || System.nanoTime() > deadline)
                throw new IOException("sshd did not start: " + log());
            boolean _ = started.waitFor(10, TimeUnit.MILLISECONDS);
        }
        return started;
    }

    private boolean answers() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(HOST, port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    public String log() throws IOException {
        return Files.readString(dir.resolve("log"));
    }

    /// Type and base 64 of its key.
    public String hostKey() throws IOException {
        String[] words = Files.readString(dir.resolve("host.pub")).split(" ");
        return words[0] + " " + words[1];
    }

    public MachineAddress address() {
        return new MachineAddress(HOST, port, "root", Optional.of(clientKey), Optional.empty());
    }

    public SshClientOptions.Builder options() {
        return SshClientOptions.forHome(dir).knownHosts(List.of(knownHosts));
    }

    /// Its processes for connections and what runs in them.
    public List<ProcessHandle> children() {
        return process.descendants().toList();
    }

    /// How many connections it has let in since it was first started.
    long logins() throws IOException {
        return log().lines()
                .filter(line -> line.startsWith("Accepted publickey "))
                .count();
    }

    /// Kills it and all of its connections, as a crash would.
    public void kill() {
        List<ProcessHandle> all = children();
        process.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
        process.onExit().join();
    }

    /// Stops all of its processes where they are.
    public void freeze() throws IOException, InterruptedException {
        signal("STOP");
    }

    public void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("kill", "-" + name, String.valueOf(process.pid())));
        children().forEach(child -> command.add(String.valueOf(child.pid())));
        new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    public void restart() throws IOException, InterruptedException {
        process = launch();
    }

    @Override
    public void close() {
        kill();
    }
}
