package dispatcher.cli.serve;

import dispatcher.cli.settings.file.Surroundings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// What could be a machine and is none yet, as far as this host shows it: the hosts of ssh_config, the Linux builder of
/// a mac, container engines. Nothing of that is used or contacted before somebody says so, but for a look whether
/// something listens on this host.
///
/// @param surroundings of this process
/// @param root         directory in which system-wide files are looked for
/// @param builderPort  where nixpkgs' `darwin.linux-builder` listens
record Nearby(Surroundings surroundings, Path root, int builderPort) {
    private static final int LINUX_BUILDER = 31_022;
    private static final int PATIENCE_MILLIS = 200;
    private static final int LONGEST_FILE = 256 * 1024;
    private static final int MOST_HOSTS = 10;
    private static final Pattern HOSTS = Pattern.compile("(?i)host(?:\\s*=\\s*|\\s+)(.*)");
    private static final String ADD = "dispatcher machine add --persist ";

    Nearby(Surroundings surroundings) {
        this(surroundings, Path.of("/"), LINUX_BUILDER);
    }

    /// A sentence for each, with what to do to use it.
    ///
    /// @param known hosts of machines that there are
    List<String> hints(Set<String> known) {
        var hints = new ArrayList<String>();
        var hosts = sshHosts();
        hosts.removeAll(known);
        hosts.stream()
                .limit(MOST_HOSTS)
                .forEach(host ->
                        hints.add("ssh_config names the host %s; if Nix is there: `%s%s`".formatted(host, ADD, host)));
        if (hosts.size() > MOST_HOSTS) hints.add("ssh_config names %d hosts more".formatted(hosts.size() - MOST_HOSTS));
        if (!known.contains("linux-builder") && listens(builderPort))
            hints.add(
                    "a Linux builder listens on port %d of this host: `%sbuilder@localhost:%d --name linux-builder --ssh-key /etc/nix/builder_ed25519`"
                            .formatted(builderPort, ADD, builderPort));
        engine().ifPresent(socket -> hints.add(
                "a container engine is at %s; see `onDemand` in docs/SETTINGS.md for machines that are containers"
                        .formatted(socket)));
        return hints;
    }

    /// Names that stand for one host, without patterns.
    private Set<String> sshHosts() {
        var hosts = new LinkedHashSet<String>();
        for (var file : List.of(surroundings.home().resolve(".ssh/config"), root.resolve("etc/ssh/ssh_config")))
            for (var line : lines(file)) {
                var names = HOSTS.matcher(line.strip());
                if (!names.matches()) continue;
                for (var host : names.group(1).split("\\s+"))
                    if (host.matches("[0-9A-Za-z][0-9A-Za-z._-]{0,99}")) hosts.add(host);
            }
        return hosts;
    }

    private static List<String> lines(Path file) {
        try (var in = Files.newInputStream(file)) {
            return new String(in.readNBytes(LONGEST_FILE), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static boolean listens(int port) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_MILLIS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private Optional<Path> engine() {
        var places = new ArrayList<>(List.of(
                root.resolve("run/docker.sock"),
                root.resolve("var/run/docker.sock"),
                root.resolve("run/podman/podman.sock")));
        Optional.ofNullable(surroundings.environment().get("XDG_RUNTIME_DIR"))
                .ifPresent(directory -> places.add(Path.of(directory).resolve("podman/podman.sock")));
        return places.stream().filter(Files::exists).findFirst();
    }
}
