package dispatcher.it;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// The program behind `it-tests/chaos/run`.
final class ChaosRun {
    private ChaosRun() {}

    /// @param arguments seed, seconds, seconds between faults, builds, and perhaps where to put the dispatcher's log
    public static void main(String[] arguments) throws Exception {
        Chaos.Plan plan = new Chaos.Plan(
                Long.parseLong(arguments[0]),
                Duration.ofSeconds(Long.parseLong(arguments[1])),
                Duration.ofSeconds(Long.parseLong(arguments[2])),
                Integer.parseInt(arguments[3]));
        List<String> wrong;
        try (Chaos chaos = new Chaos(plan, line -> System.out.println(line))) {
            wrong = chaos.run();
            if (arguments.length > 4) {
                Files.writeString(Path.of(arguments[4]), chaos.dispatcherLog());
            }
        }
        wrong.forEach(what -> System.out.println("WRONG: " + what));
        System.out.printf(
                "seed %d: %s%n", plan.seed(), wrong.isEmpty() ? "all is well" : wrong.size() + " things wrong");
        System.exit(wrong.isEmpty() ? 0 : 1);
    }
}
