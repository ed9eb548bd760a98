package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Machines whose stores nobody has used yet: the first Nix that comes makes the tables, for which it wants the store
/// for itself.
@NeedsNamespaces
class NewStoresIT {

    @Test
    @Timeout(300)
    void buildsBeginOnNewMachinesWithoutWaitingForEachOther() throws Exception {
        try (Fleet fleet = Fleet.of(2).jobs(4).start()) {
            for (Fleet.Machine machine : fleet.machines()) {
                machine.run("rm", "-rf", "/nix/var/nix/db").orFail();
            }
            try (NixClient client = NixClient.beside(fleet).start();
                    DispatcherProcess dispatcher = DispatcherProcess.start(
                            DispatcherSettings.of(fleet).write("new-stores"), fleet.socket(), "")) {
                Result built = client.buildCommand("sleepers", "n", "40", "seconds", "0")
                        .with("--builders", dispatcher.builders())
                        .run()
                        .orFail();

                assertThat(built.lines()).hasSize(40);
                assertThat(dispatcher.log()).doesNotContain("gave no answer", "set aside", "machine lost");
            }
        }
    }
}
