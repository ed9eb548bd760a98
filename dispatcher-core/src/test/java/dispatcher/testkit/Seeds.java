package dispatcher.testkit;

import java.util.Random;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/// Runs a property with many seeds. A failure names its seed; `-Dseed=N` runs that one alone.
public final class Seeds {
    private Seeds() {}

    /// @param count how many seeds to try: a fresh start each run, so that runs cover more and more
    public static void run(int count, Consumer<RandomGenerator> property) {
        var only = Long.getLong("seed");
        long start = only != null ? only : System.nanoTime();
        for (int i = 0; i < (only != null ? 1 : count); i++) {
            long seed = start + i;
            try {
                property.accept(new Random(seed));
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("fails with -Dseed=%d: %s".formatted(seed, e.getMessage()), e);
            }
        }
    }
}
