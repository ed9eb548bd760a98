package dispatcher.cli.provider;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.PullImageResultCallback;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.exception.NotModifiedException;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import dispatcher.machine.OnDemand;
import dispatcher.machine.provider.FileTail;
import dispatcher.text.Printable;
import dispatcher.thread.Interruption;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// What is asked of one Docker or Podman over its socket, through docker-java. Each request blocks; an interruption
/// ends it. A refusal is an [IOException] in the engine's own words, with what to do where that is known.
///
/// Confined to one thread.
final class ContainerEngine implements AutoCloseable {
    private static final String LOOPBACK = "127.0.0.1";
    private static final String RUNNING = "running";
    private static final int MOST_OUTPUT = 64 * 1024;
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Pattern MESSAGE = Pattern.compile("\"message\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");

    private final Path socket;
    private final DockerClient client;

    /// A container that the engine has.
    record Found(String id, boolean running, Map<String, String> labels) {
        String shortId() {
            return id.substring(0, Math.min(12, id.length()));
        }
    }

    private ContainerEngine(Path socket, DockerClient client) {
        this.socket = socket;
        this.client = client;
    }

    /// @param limit for each answer
    /// @throws IOException if nobody listens there, or we may not connect
    static ContainerEngine at(Path socket, Duration limit) throws IOException, InterruptedException {
        requireListener(socket);
        var config = DefaultDockerClientConfig.createDefaultConfigBuilder()
                .withDockerHost("unix://" + socket)
                .withDockerTlsVerify(false)
                .build();
        var http = new ZerodepDockerHttpClient.Builder()
                .dockerHost(config.getDockerHost())
                .connectionTimeout(CONNECT)
                .responseTimeout(limit)
                .build();
        return new ContainerEngine(socket, DockerClientImpl.getInstance(config, http));
    }

    /// The library's own words for that are about its attempts to connect in another way.
    private static void requireListener(Path socket) throws IOException, InterruptedException {
        try (var channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            if (!channel.isConnected()) throw new IOException("not connected");
        } catch (IOException e) {
            Interruption.rethrow(e);
            throw new IOException(
                    "the container engine at %s cannot be reached: %s%s".formatted(socket, root(e), advice(root(e))),
                    e);
        }
    }

    /// All that have these labels, whether they run or not.
    List<Found> find(Map<String, String> labels) throws IOException, InterruptedException {
        return ask(
                        "list containers",
                        () -> client.listContainersCmd()
                                .withShowAll(true)
                                .withLabelFilter(labels)
                                .exec())
                .stream()
                .map(ContainerEngine::found)
                .toList();
    }

    private static Found found(Container container) {
        return new Found(
                container.getId(),
                RUNNING.equals(container.getState()),
                Optional.ofNullable(container.getLabels()).orElse(Map.of()));
    }

    /// Makes one, which does not run yet; empty if the engine does not have its image.
    Optional<String> create(ContainerName name, OnDemand.Container settings) throws IOException, InterruptedException {
        return ask("make a container of " + settings.image(), () -> {
            try {
                return Optional.of(command(name, settings).exec().getId());
            } catch (NotFoundException e) {
                if (words(e).contains("image")) return Optional.<String>empty();
                throw e;
            }
        });
    }

    private CreateContainerCmd command(ContainerName name, OnDemand.Container settings) {
        var command = client.createContainerCmd(settings.image())
                .withName(name.shown())
                .withLabels(name.labels())
                .withEnv(settings.environment())
                .withHostConfig(host(settings));
        if (!settings.command().isEmpty()) command.withCmd(settings.command());
        if (isMapped(settings)) command.withExposedPorts(ExposedPort.tcp(settings.sshPort()));
        settings.platform().ifPresent(command::withPlatform);
        return command;
    }

    private static boolean isMapped(OnDemand.Container settings) {
        return settings.network().filter(OnDemand.Container.HOST::equals).isEmpty();
    }

    private static HostConfig host(OnDemand.Container settings) {
        var host = settings.sandbox() ? sandboxed() : HostConfig.newHostConfig();
        host.withBinds(settings.mounts().stream().map(Bind::parse).toList());
        settings.cpus().ifPresent(cpus -> host.withNanoCPUs((long) (cpus * 1e9)));
        settings.memory().ifPresent(host::withMemory);
        settings.network().ifPresent(host::withNetworkMode);
        if (isMapped(settings))
            host.withPortBindings(new PortBinding(Ports.Binding.bindIp(LOOPBACK), ExposedPort.tcp(settings.sshPort())));
        return host;
    }

    /// May do what Nix's sandbox does: make namespaces, and mount in them.
    private static HostConfig sandboxed() {
        return new AllPaths()
                .withCapAdd(Capability.SYS_ADMIN, Capability.NET_ADMIN)
                .withSecurityOpts(List.of("seccomp=unconfined", "apparmor=unconfined"));
    }

    /// What Docker makes of `--security-opt systempaths=unconfined`: Nix's sandbox mounts a /proc of its own, which the
    /// kernel forbids where parts of /proc are hidden.
    public static final class AllPaths extends HostConfig {
        @JsonProperty("MaskedPaths")
        public List<String> maskedPaths() {
            return List.of();
        }

        @JsonProperty("ReadonlyPaths")
        public List<String> readonlyPaths() {
            return List.of();
        }
    }

    /// Gets an image from its registry.
    void pull(OnDemand.Container settings, Duration limit) throws IOException, InterruptedException {
        var image = settings.image();
        boolean hasTag = image.contains("@") || image.indexOf(':', image.lastIndexOf('/') + 1) >= 0;
        boolean done = ask("pull " + image, () -> {
            var command = client.pullImageCmd(hasTag ? image : image + ":latest");
            settings.platform().ifPresent(command::withPlatform);
            try (var result = command.exec(new PullImageResultCallback())) {
                return result.awaitCompletion(limit.toMillis(), TimeUnit.MILLISECONDS);
            }
        });
        if (!done)
            throw new IOException("the image %s was not pulled within %d s; pull it by hand, or raise bootTimeout"
                    .formatted(image, limit.toSeconds()));
    }

    void start(String id) throws IOException, InterruptedException {
        ask("start the container", () -> client.startContainerCmd(id).exec());
    }

    /// Ends it, and kills it if it has not ended after `grace`. Does nothing if it has ended.
    void stop(String id, Duration grace) throws IOException, InterruptedException {
        ask("stop the container", () -> {
            try {
                client.stopContainerCmd(id).withTimeout((int) grace.toSeconds()).exec();
            } catch (NotModifiedException | NotFoundException e) {
                // It has ended.
            }
            return true;
        });
    }

    /// With what is in it, whether it runs or not.
    void remove(String id) throws IOException, InterruptedException {
        ask("remove the container", () -> {
            try {
                client.removeContainerCmd(id)
                        .withForce(true)
                        .withRemoveVolumes(true)
                        .exec();
            } catch (NotFoundException e) {
                // It is gone.
            }
            return true;
        });
    }

    /// Where a port of it is on the loopback address.
    int port(String id, int inside) throws IOException, InterruptedException {
        var network = ask(
                        "look at the container",
                        () -> client.inspectContainerCmd(id).exec())
                .getNetworkSettings();
        var bindings = network.getPorts().getBindings().get(ExposedPort.tcp(inside));
        if (bindings == null || bindings.length == 0)
            throw new IOException("the engine has mapped no port to port %d of the container".formatted(inside));
        return Integer.parseInt(bindings[0].getHostPortSpec());
    }

    /// How one that does not run any more has ended.
    String ending(String id) throws IOException, InterruptedException {
        var state = ask(
                        "look at the container",
                        () -> client.inspectContainerCmd(id).exec())
                .getState();
        var words = "its container has ended with exit status %s".formatted(state.getExitCodeLong());
        if (Boolean.TRUE.equals(state.getOOMKilled())) return words + ", killed for lack of memory";
        var error = Optional.ofNullable(state.getError()).orElse("");
        return error.isBlank() ? words : words + ": " + Printable.joined(error);
    }

    /// The last lines that it printed.
    List<String> tail(String id, int lines) throws IOException, InterruptedException {
        var printed = new Printed();
        ask("read what the container printed", () -> {
            try (var result = client.logContainerCmd(id)
                    .withStdOut(true)
                    .withStdErr(true)
                    .withTail(lines)
                    .exec(printed)) {
                return result.awaitCompletion(CONNECT.toMillis(), TimeUnit.MILLISECONDS);
            }
        });
        return FileTail.lines(printed.text(), lines);
    }

    /// Output of a container, as much as is kept of it. Called by docker-java's thread.
    private static final class Printed extends ResultCallback.Adapter<Frame> {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override
        public void onNext(Frame frame) {
            if (bytes.size() < MOST_OUTPUT) bytes.writeBytes(frame.getPayload());
        }

        String text() {
            return bytes.toString(StandardCharsets.UTF_8);
        }
    }

    // ---- what goes wrong

    private interface Request<T> {
        T get() throws IOException, InterruptedException;
    }

    private <T> T ask(String what, Request<T> request) throws IOException, InterruptedException {
        try {
            return request.get();
        } catch (DockerException e) {
            throw new IOException("the container engine at %s could not %s: %s".formatted(socket, what, words(e)), e);
        } catch (RuntimeException | LinkageError | IOException e) {
            // A library that is missing would be for a kind of socket that is not there.
            if (Thread.interrupted() || causes(e, ClosedByInterruptException.class)) throw interrupted(e);
            throw new IOException(
                    "the container engine at %s could not be asked to %s: %s%s"
                            .formatted(socket, what, root(e), advice(root(e))),
                    e);
        }
    }

    private static InterruptedException interrupted(Throwable e) {
        var interruption = new InterruptedException("interrupted at a container engine");
        interruption.initCause(e);
        return interruption;
    }

    private static boolean causes(Throwable e, Class<? extends Throwable> type) {
        for (Throwable each = e; each != null; each = each.getCause()) if (type.isInstance(each)) return true;
        return false;
    }

    private static String root(Throwable e) {
        var root = e;
        while (root.getCause() != null) root = root.getCause();
        return Printable.joined(Optional.ofNullable(root.getMessage()).orElse(root.toString()));
    }

    private static String advice(String why) {
        if (why.contains("ermission denied"))
            return "; let the dispatcher's user use that socket, for Docker as a member of the group docker";
        if (why.contains("refused") || why.contains("No such file"))
            return "; start Docker or Podman, or set onDemand.container.socket";
        return "";
    }

    /// The engine's own.
    private static String words(DockerException e) {
        var text = Optional.ofNullable(e.getMessage()).orElse(e.toString());
        var message = MESSAGE.matcher(text);
        return Printable.joined(message.find() ? message.group(1).translateEscapes() : text);
    }

    @Override
    public void close() throws IOException {
        client.close();
    }
}
