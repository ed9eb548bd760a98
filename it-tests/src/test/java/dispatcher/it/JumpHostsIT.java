package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Machines behind other hosts, as ssh_config says, each in a network namespace of its own.
@NeedsNamespaces
class JumpHostsIT {
    /// @param jumps the machines in between, in their order; each reaches the next one and none beyond
    @ParameterizedTest
    @CsvSource({"2, builder-1", "3, 'builder-1,builder-2'"})
    void aBuildRunsOnAMachineBehindOthers(int machines, String jumps) throws Exception {
        try (Fleet fleet = Fleet.of(machines).ownNetworks().start();
                NixClient client = NixClient.beside(fleet).start()) {
            Fleet.Machine last = fleet.machine(machines - 1);
            for (Fleet.Machine behind : fleet.machines().subList(1, machines)) {
                fleet.within(Command.of("ip", "route", "add", "unreachable", behind.address() + "/32"))
                        .run()
                        .orFail();
            }
            if (machines > 2)
                fleet.machine(0)
                        .run("ip", "route", "add", "unreachable", last.address() + "/32")
                        .orFail();
            Path config = Files.writeString(fleet.folder().resolve("config"), """
                    Host %s
                      ProxyJump %s
                    Match all
                      UserKnownHostsFile %s
                      Include %s
                    """.formatted(
                            last.name(), jumps, fleet.knownHosts(), fleet.sshConfig()));
            Path settings = DispatcherSettings.of(fleet)
                    .set("ssh", "{config: %s}".formatted(config))
                    .set(
                            "machines",
                            "[{hostName: %s, systems: %s, protocol: ssh-ng, maxJobs: 4}]"
                                    .formatted(last.name(), fleet.systems()))
                    .write("jump");

            Result direct = ping(fleet, settings, last);
            assertThat(direct.out()).contains("ProxyJump %s (%s line 2)".formatted(jumps, config));
            assertThat(direct.exit()).as("%s", direct).isZero();

            try (DispatcherProcess dispatcher = DispatcherProcess.start(fleet, settings)) {
                String path = client.buildCommand("trivial", "n", "1")
                        .with("--builders", dispatcher.builders())
                        .run()
                        .orFail()
                        .out()
                        .strip();
                assertThat(last.holds(path)).isTrue();
            }
        }
    }

    private static Result ping(Fleet fleet, Path settings, Fleet.Machine machine) throws Exception {
        return fleet.within(Command.of(Checkout.dispatcher(), "ping", "--config", settings, machine.name()))
                .run();
    }
}
