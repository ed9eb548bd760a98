package dispatcher.cli.provider;

import dispatcher.machine.OnDemand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Where a container engine listens.
///
/// @param candidates where it may be, the likeliest first
/// @param unusable   why the environment's word on that is of no use
record EngineSocket(List<Path> candidates, Optional<String> unusable) {
    private static final String UNIX = "unix://";

    EngineSocket {
        candidates = List.copyOf(candidates);
    }

    /// That of the settings; else of `DOCKER_HOST`; else one of the usual places of Docker and Podman.
    static EngineSocket of(OnDemand.Container settings, Map<String, String> environment) {
        if (settings.socket().isPresent())
            return new EngineSocket(List.of(settings.socket().get()), Optional.empty());
        var host = Optional.ofNullable(environment.get("DOCKER_HOST")).filter(it -> !it.isBlank());
        if (host.isPresent() && host.get().startsWith(UNIX))
            return new EngineSocket(List.of(Path.of(host.get().substring(UNIX.length()))), Optional.empty());
        if (host.isPresent())
            return new EngineSocket(
                    List.of(),
                    Optional.of("DOCKER_HOST is '%s', and only unix:// sockets of this host are used"
                            .formatted(host.get())));
        return new EngineSocket(usual(environment), Optional.empty());
    }

    private static List<Path> usual(Map<String, String> environment) {
        var all = new ArrayList<Path>();
        all.add(Path.of("/var/run/docker.sock"));
        Optional.ofNullable(environment.get("XDG_RUNTIME_DIR")).map(Path::of).ifPresent(folder -> {
            all.add(folder.resolve("docker.sock"));
            all.add(folder.resolve("podman/podman.sock"));
        });
        all.add(Path.of("/run/podman/podman.sock"));
        Optional.ofNullable(environment.get("HOME")).map(Path::of).ifPresent(home -> {
            all.add(home.resolve(".docker/run/docker.sock"));
            all.add(home.resolve(".colima/default/docker.sock"));
            all.add(home.resolve(".local/share/containers/podman/machine/podman.sock"));
        });
        return all;
    }

    /// The first that is there.
    ///
    /// @throws IOException if none is, with what to do
    Path find() throws IOException {
        if (unusable.isPresent())
            throw new IOException(
                    "no container engine can be used: %s; set onDemand.container.socket".formatted(unusable.get()));
        for (var path : candidates) if (Files.exists(path)) return path;
        throw new IOException(("no container engine was found: there is no socket %s; start Docker or Podman (for"
                        + " Podman, `systemctl start podman.socket`), or set onDemand.container.socket")
                .formatted(String.join(
                        ", ", candidates.stream().map(Path::toString).toList())));
    }
}
