package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/// A short run of `it-tests/chaos/run`.
@NeedsNamespaces
class ChaosIT {

    private static final long SEED = Long.getLong("it.chaos.seed", System.nanoTime());

    @Test
    void noFaultOfAMachineIsAFaultOfABuild() throws Exception {
        Chaos.Plan plan = new Chaos.Plan(SEED, Duration.ofSeconds(30), Duration.ofSeconds(3), 75);
        List<String> story = new CopyOnWriteArrayList<>();
        try (Chaos chaos = new Chaos(plan, story::add)) {
            assertThat(chaos.run())
                    .as(
                            "seed %d (it-tests/chaos/run --seed %1$d)%n%s%n%s",
                            SEED, String.join("\n", story), chaos.dispatcherLog())
                    .isEmpty();
        }
    }
}
