package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Outputs that the dispatcher copies to a cache by the Nix of its host.
@NeedsNamespaces
class PublishIT {

    @Test
    void outputsAreInTheCacheSoonAfterTheirBuild(@TempDir Path folder) throws Exception {
        Path cache = folder.resolve("cache");
        try (Fleet fleet = Fleet.of(1).start()) {
            Path settings = DispatcherSettings.of(fleet)
                    .set("publish", "{to: 'file://%s'}".formatted(cache))
                    .write("publish");
            try (DispatcherProcess dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
                    NixClient client = NixClient.beside(fleet).start()) {
                Result result = client.buildCommand("one")
                        .with("--builders", dispatcher.builders())
                        .run()
                        .orFail();
                String name = Path.of(result.out().strip()).getFileName().toString();
                Path info = cache.resolve(name.substring(0, 32) + ".narinfo");

                Await.until(Duration.ofSeconds(60), dispatcher::log, () -> Files.exists(info));
                assertThat(Files.readString(info)).contains("StorePath: /nix/store/" + name + "\n");
                assertThat(dispatcher.log()).doesNotContain("outputs were not published");
            }
        }
    }
}
