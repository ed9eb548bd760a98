package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// What `dispatcher simulate` says of builds whose durations are known is what the dispatcher takes for them.
///
/// Each package is built once, and the trace of that says how long its builds take here, Nix's own work included. Then
/// a hundred more are built. The simulator gets what is known of their packages, and when the client asked for
/// each: how long Nix's hooks take for that depends on what else the host does. It goes by the clock, so it is for
/// a host
/// that does nothing else.
@NeedsNamespaces
@EnabledIfSystemProperty(named = "it.timed", matches = "true", disabledReason = "goes by the clock: -Dit.timed=true")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SimulationIT {
    private static final int PACKAGES = 8;
    private static final int BUILDS = 100;
    private static final double OFF = 1.15;
    private static final Pattern MAKESPAN = Pattern.compile("\"makespanSeconds\":([0-9.]+)");
    private static final Pattern ASKED = Pattern.compile("\"asked\":([0-9.]+)");
    private static final Pattern NAME = Pattern.compile("waiter-[a-h]");
    private static final Pattern WORK = Pattern.compile("\"work\":([0-9.]+)");

    private Fleet fleet;
    private NixClient client;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(3).jobs(4).start();
        client = NixClient.beside(fleet).start();
    }

    @AfterAll
    void stop() throws IOException {
        if (fleet != null) {
            fleet.close();
        }
    }

    @Test
    void manyBuildsTakeAsLongAsIsPredicted() throws Exception {
        Path trace = fleet.folder().resolve("trace");
        Path settings = DispatcherSettings.of(fleet)
                .set("schedule", "{trace: %s}".formatted(trace))
                .write("recorded");
        List<String> known;
        double real;
        try (DispatcherProcess dispatcher = DispatcherProcess.start(settings, fleet.socket(), "")) {
            build(dispatcher.builders(), PACKAGES);
            known = awaitBuilds(trace, PACKAGES);
            long begin = System.nanoTime();
            build(dispatcher.builders(), BUILDS);
            real = Duration.ofNanos(System.nanoTime() - begin).toMillis() / 1e3;
        }
        var all = awaitBuilds(trace, PACKAGES + BUILDS);
        var many = all.subList(PACKAGES, all.size());
        double predicted = simulate(asKnown(Files.readAllLines(trace), known, many));

        var found = "%d builds: %.1f s, predicted %.1f s; each took %.2f s, before %.2f s; asked for every %.2f s"
                .formatted(BUILDS, real, predicted, mean(many), mean(known), interval(many));
        System.err.println(found);
        assertThat(real / predicted).as(found).isBetween(1 / OFF, OFF);
    }

    private void build(String builders, int builds) throws Exception {
        client.buildCommand("staggered", "n", Integer.toString(builds))
                .with("--builders", builders)
                .run()
                .orFail();
    }

    /// In the order in which they ended.
    private static List<String> awaitBuilds(Path trace, int count) throws Exception {
        Await.until(
                Duration.ofSeconds(20),
                () -> "%d builds in the trace".formatted(count),
                () -> builds(trace).size() == count);
        return builds(trace);
    }

    private static List<String> builds(Path trace) throws IOException {
        if (!Files.exists(trace)) {
            return List.of();
        }
        return Files.readAllLines(trace).stream().filter(SimulationIT::isBuild).toList();
    }

    private static boolean isBuild(String line) {
        return line.contains("\"build\":");
    }

    /// The trace of `builds` as it might have been foretold: each takes what the one of its package took.
    private Path asKnown(List<String> recorded, List<String> known, List<String> builds) throws IOException {
        double begin =
                builds.stream().mapToDouble(build -> number(ASKED, build)).min().orElseThrow();
        var lines =
                new ArrayList<>(recorded.stream().filter(line -> !isBuild(line)).toList());
        for (var build : builds) {
            var name = NAME.matcher(build);
            assertThat(name.find()).as(build).isTrue();
            var like = known.stream()
                    .filter(one -> one.contains(name.group()))
                    .findFirst()
                    .orElseThrow();
            lines.add(build.replaceAll("\"estimate\":[0-9.]+,", "")
                    .replaceAll(
                            ASKED.pattern(), String.format(Locale.ROOT, "\"asked\":%.3f", number(ASKED, build) - begin))
                    .replaceAll(WORK.pattern(), "\"work\":%1$s,\"estimate\":%1$s".formatted(number(WORK, like))));
        }
        return Files.write(fleet.folder().resolve("known.trace"), lines);
    }

    /// Seconds from one build that was asked for to the next.
    private static double interval(List<String> builds) {
        var asked = builds.stream().mapToDouble(build -> number(ASKED, build)).summaryStatistics();
        return (asked.getMax() - asked.getMin()) / (builds.size() - 1);
    }

    private static double mean(List<String> builds) {
        return builds.stream()
                .mapToDouble(build -> number(WORK, build))
                .average()
                .orElseThrow();
    }

    private static double number(Pattern pattern, String text) {
        var matcher = pattern.matcher(text);
        assertThat(matcher.find()).as(text).isTrue();
        return Double.parseDouble(matcher.group(1));
    }

    private static double simulate(Path trace) throws Exception {
        var json = Command.of(Checkout.dispatcher(), "simulate", trace, "--policy", "ours", "--json")
                .run()
                .orFail()
                .out();
        assertThat(json).contains("\"builds\":" + BUILDS);
        return number(MAKESPAN, json);
    }
}
