package dispatcher.cli.init;

import dispatcher.cli.doctor.Programs;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// The systemd unit of the dispatcher, if it is installed here.
record Service(Programs programs, Consumer<String> say) {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final String USER = "dispatcher";
    private static final Path SETTINGS = Path.of("/etc/dispatcher/dispatcher.yaml");

    /// Starts it, if it runs with these settings.
    ///
    /// @return whether it runs now
    boolean start(boolean wanted, Path settings, Optional<Path> key) throws InterruptedException {
        if (!wanted || !settings.equals(SETTINGS)) return false;
        if (!programs.run(LIMIT, List.of("systemctl", "cat", "dispatcher.service"))
                .worked()) return false;
        if (programs.run(LIMIT, List.of("id", "-u", USER)).worked()) {
            var file = key.orElseGet(() -> settings.resolveSibling("id_ed25519"));
            var owned = programs.run(LIMIT, List.of("chown", USER + ":", file.toString()));
            if (!owned.worked())
                say.accept("the service's user cannot read " + file + ": "
                        + owned.err().strip());
        }
        var started = programs.run(LIMIT, List.of("systemctl", "enable", "--now", "dispatcher.service"));
        say.accept(
                started.worked()
                        ? "the service runs: systemctl status dispatcher"
                        : "the service did not start: " + started.err().strip());
        return started.worked();
    }
}
