package dispatcher.cli.init;

import dispatcher.cli.doctor.TrialBuild;
import dispatcher.cli.ping.Answer;
import dispatcher.cli.ping.MachineConnections;
import dispatcher.cli.ping.Pinger;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.Machine;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Whether the machines of new settings can be used: each is reached, compared with what the settings say, and builds
/// once.
record Trial(MachineConnections.Factory connections, Consumer<String> say) {
    private static final Duration BUILD_LIMIT = Duration.ofMinutes(1);

    /// The machines that can be used, as they describe themselves.
    ///
    /// @param publicKey that they must let in
    /// @throws UserFacingException if one of them cannot be used
    List<Machine> run(Settings settings, String publicKey) throws InterruptedException {
        var usable = new ArrayList<Machine>();
        try (var open = connections.open(settings)) {
            var answers = new Pinger(open::to, settings.timeouts().handshake()).ping(settings.machines());
            for (var answer : answers) {
                if (!answer.problems().isEmpty()) throw ill(answer, publicKey);
                if (answer instanceof Answer.Reached reached) {
                    build(open, reached.machine());
                    usable.add(reached.machine());
                }
            }
        }
        return usable;
    }

    private static UserFacingException ill(Answer answer, String publicKey) {
        var problem = answer.problems().getFirst();
        return new UserFacingException(
                "machine %s cannot be used: %s".formatted(answer.machine().name(), problem.verdict()),
                problem.why(),
                problem.verdict().equals("key rejected")
                        ? "use --copy-id; or add this line to authorized_keys of that login, and run this again:\n"
                                + publicKey
                        : problem.next());
    }

    private void build(MachineConnections open, Machine machine) throws InterruptedException {
        var system = TrialBuild.likeliest(machine.systems());
        long start = System.nanoTime();
        try (var transport = open.to(machine)) {
            var result = TrialBuild.on(machine, transport, BUILD_LIMIT);
            if (!result.status().isSuccess())
                throw new UserFacingException(
                        "machine %s does not build".formatted(machine.name()),
                        result.message(),
                        "run a build there, such as `nix-build --expr '%s'`"
                                .formatted(TrialBuild.expression("trial", system)));
        } catch (IOException e) {
            throw new UserFacingException(
                    "machine %s does not build".formatted(machine.name()),
                    String.valueOf(e.getMessage()),
                    "see the log of its nix-daemon",
                    e);
        }
        say.accept("machine %s: Nix answers, and built for %s in %d ms"
                .formatted(
                        machine.name(),
                        system,
                        Duration.ofNanos(System.nanoTime() - start).toMillis()));
    }
}
