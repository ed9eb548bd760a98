package dispatcher.cli;

import dispatcher.cli.serve.Server;
import dispatcher.cli.serve.SshOptions;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.state.RecordDatabase;
import dispatcher.cli.state.StateDatabase;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.nar.NarWriter;
import dispatcher.protocol.worker.WorkerClient;
import dispatcher.ssh.client.SshTransports;
import dispatcher.ssh.server.SshFrontEnd;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.Verify;
import dispatcher.wire.NarSummary;
import dispatcher.wire.socket.UnixSocketChannel;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Short lives of the program, for the JVM to learn what to load and to compile: the build makes an AOT cache
/// from each.
///
/// The run for `serve` learns what a start and the first builds need. One dispatcher is the only machine of
/// another. Clients of that one send a path and ask for a build, which travels over SSH on the loopback interface
/// and is refused at the far end, whose own machine takes no builds, nor any inputs. Then the figures are read,
/// as Prometheus does from then on. The run for commands asks a dispatcher that the script has started.
///
/// Each class in a cache costs time at every start, so each run does only what its kind of process often does.
/// Touches nothing but the folder that it is given and free ports of the loopback interface. Fails if something
/// does not work, as with a Java runtime that lacks a module.
final class TrainingRun {
    private static final int CLIENTS = 20;

    /// Bytes to copy, enough for the JVM to learn what to compile for it. Without that, the first large path after
    /// a start takes twice as long.
    private static final int LARGE = 64 << 20;

    /// As many as it takes for the JVM to compile what writes a sample.
    private static final int SCRAPES = 300;

    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final Duration PAUSE = Duration.ofMillis(50);
    private static final String SYSTEM = "trained-system";

    private TrainingRun() {}

    /// @param args `prepare`, `serve` or `commands`, and an empty folder to work in, the same for all three; the
    /// path of a socket in it must not be too long for one
    public static void main(String[] args) throws Exception {
        Thread.ofPlatform().daemon().name("limit").start(TrainingRun::endInTime);
        Logging.configure(false, Map.of());
        var folder = Path.of(args[1]).toAbsolutePath();
        var far = folder.resolve("far.yaml");
        var near = folder.resolve("near.yaml");
        switch (args[0]) {
            case "prepare" -> prepare(far, near);
            case "serve" -> serve(far, near);
            case "commands" -> ask(near);
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    /// Makes the settings and the state of two dispatchers, so that the run for `serve` is not the first of its
    /// state, and empty databases for the release.
    private static void prepare(Path far, Path near) throws Exception {
        var hostKey = far.resolveSibling("key");
        var publicKey = SshFrontEnd.hostKeyLine(hostKey);
        var clients = Files.writeString(far.resolveSibling("clients"), publicKey + " trainer\n");
        int port = freePort();
        write(far, """
                state: far
                listen: {ssh: "127.0.0.1:%d"}
                hostKey: %s
                authorizedKeys: %s
                machines: [{hostName: nowhere.invalid, system: none, protocol: ssh-ng, maxJobs: 0}]
                """.formatted(port, hostKey, clients));
        write(near, """
                state: near
                listen: {socket: near.sock, web: "127.0.0.1:%d"}
                machines:
                  - {hostName: 127.0.0.1, port: %d, sshUser: trainer, sshKey: %s, publicHostKey: %s, system: %s,
                     protocol: ssh-ng, maxJobs: 4}
                """.formatted(freePort(), port, hostKey, publicKey, SYSTEM));
        for (var settings : List.of(far, near)) start(settings).close();
        try (var empty = StateDatabase.in(far.resolveSibling("empty"))) {
            empty.drains().load();
        }
        try (var empty = RecordDatabase.in(far.resolveSibling("empty"))) {
            empty.records().lastId();
        }
    }

    private static void serve(Path far, Path near) throws Exception {
        Main.commandLine("serve").parseArgs("serve", "--config", near.toString());
        try (var _ = start(far);
                var _ = start(near)) {
            var socket = near.resolveSibling("near.sock");
            for (int i = 0; i < CLIENTS; i++) build(socket, i, 8192);
            build(socket, CLIENTS, LARGE);
            fetch(load(near), input(CLIENTS));
            var page = load(near).listen().web().orElseThrow();
            for (int i = 0; i < SCRAPES; i++) scrape(page);
        }
    }

    /// By the commands that operators and their scripts use most, for people and as JSON.
    private static void ask(Path settings) throws Exception {
        var socket = load(settings).controlSocket();
        while (!Files.exists(socket)) Thread.sleep(PAUSE);
        for (var command : List.of("status", "machines", "queue", "history", "spool", "explain"))
            for (var json : List.of(true, false)) {
                var line = new ArrayList<>(List.of(command, "--config", settings.toString()));
                if (json) line.add("--json");
                if (command.equals("explain")) line.addAll(List.of("--system", SYSTEM));
                run(line.toArray(String[]::new));
            }
        run("version");
        run("config", "check", settings.toString());
    }

    private static void run(String... line) {
        int status = Main.commandLine(line).execute(line);
        if (status != 0) throw new IllegalStateException(String.join(" ", line) + " ended with " + status);
    }

    /// Lets a build fail that would otherwise hang.
    private static void endInTime() {
        try {
            Thread.sleep(LIMIT);
        } catch (InterruptedException e) {
            return;
        }
        System.err.println("error: the training run took more than " + LIMIT.toSeconds() + " s; its log is above");
        Runtime.getRuntime().halt(1);
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void write(Path settings, String text) throws Exception {
        Files.writeString(settings, text + "hostStore: off\n");
    }

    private static Settings load(Path settings) {
        return SettingsFile.load(settings, Surroundings.ofProcess());
    }

    private static Server start(Path settings) {
        return new Server(load(settings), "training");
    }

    private static StorePath input(int number) {
        return StorePath.of("%032d".formatted(number), "input");
    }

    /// Reads a path from the only machine of some settings.
    private static void fetch(Settings settings, StorePath path) throws Exception {
        var machine = settings.machines().getFirst();
        try (var transports = new SshTransports();
                var transport = transports.forMachine(machine.address(), SshOptions.of(settings, machine));
                var far = new WorkerClient(transport.open("nix-daemon --stdio"), StoreDir.NIX_STORE, "the far end")) {
            far.narFromPath(path, Verify.HERE, OutputStream.nullOutputStream());
        }
    }

    /// Reads the figures as Prometheus does.
    private static void scrape(HostAndPort page) throws Exception {
        try (var socket = new Socket(page.host(), page.port())) {
            var request = "GET /metrics HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n".formatted(page);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            var answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!answer.startsWith("HTTP/1.1 200 ")) throw new IllegalStateException("no figures, but " + answer);
        }
    }

    /// A client's build with one input of `bytes` bytes, which it sends before and fetches afterwards.
    private static void build(Path socket, int number, int bytes) throws Exception {
        var input = input(number);
        var output = StorePath.of("%032d".formatted(number), "output");
        var derivation = new BasicDerivation(
                new TreeMap<>(Map.of("out", new DerivationOutput.InputAddressed(output))),
                Set.of(input),
                SYSTEM,
                ByteString.of("/bin/sh"),
                List.of(ByteString.of("-c"), ByteString.of("exit 0")),
                new TreeMap<>(Map.of(ByteString.of("out"), ByteString.of(StoreDir.NIX_STORE.print(output)))));
        var nar = new ByteArrayOutputStream();
        NarWriter.writeFile(nar, false, new byte[bytes]);
        var hash = NarHash.of(MessageDigest.getInstance("SHA-256").digest(nar.toByteArray()));
        try (var client = new WorkerClient(UnixSocketChannel.connect(socket), StoreDir.NIX_STORE, "the trainee")) {
            client.queryValidPaths(Set.of(input), false);
            client.addToStore(List.of(new NarToAdd(PathInfo.of(input, hash, nar.size(), Set.of()), sink -> {
                nar.writeTo(sink);
                return new NarSummary(hash, nar.size());
            })));
            client.queryPathInfo(input);
            var result = client.buildDerivation(
                    StorePath.of("%032d".formatted(number), "trained.drv"),
                    derivation,
                    BuildOptions.DEFAULT,
                    BuildLog.NONE);
            if (result.status() != BuildStatus.MISC_FAILURE)
                throw new IllegalStateException("not refused by the far end, but " + result);
        }
    }
}
