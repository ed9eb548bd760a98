package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A machine with a small disk, whose Nix collects garbage by itself while it builds. Several disks full of outputs are
/// built there, one after the other.
@NeedsNamespaces
class SmallDiskIT {

    private static final int BUILDS = 24;

    /// Of the machine's nix.conf. Free bytes are looked at before each build.
    private static final String COLLECTING = """
            min-free = 41943040
            max-free = 83886080
            min-free-check-interval = 0
            """;

    @TempDir
    private Path temp;

    @Test
    void machineCollectsItsGarbageWhileItBuildsForUs() throws Exception {
        Path conf = Files.writeString(temp.resolve("collecting.conf"), COLLECTING);
        try (Fleet fleet = Fleet.of(1)
                        .jobs(1)
                        .disk("128m")
                        .option("--extra-nix-conf", conf.toString())
                        .start();
                NixClient client = NixClient.beside(fleet).start();
                DispatcherProcess dispatcher =
                        DispatcherProcess.start(DispatcherSettings.of(fleet).write("small-disk"), fleet.socket(), "")) {
            List<String> outputs = new ArrayList<>();
            for (int i = 0; i < BUILDS; i++) {
                outputs.add(client.buildCommand("big-output", "megabytes", "8", "kind", "random")
                        .with("--builders", dispatcher.builders())
                        .run()
                        .orFail()
                        .out()
                        .strip());
            }

            assertThat(dispatcher.log()).doesNotContain("machine lost", "No space left on device");
            Fleet.Machine machine = fleet.machine(0);
            assertThat(outputs.stream().filter(machine::holds).count())
                    .as("outputs of 8 MiB that are left of %d", BUILDS)
                    .isLessThan(14);
        }
    }
}
