package dispatcher.cli.settings.file;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Row;
import dispatcher.cli.settings.yaml.SettingsException;
import dispatcher.testkit.Seeds;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Keys that make sense alone, together: whichever of them a file has, it becomes settings, or faults.
class SettingsCombinationsTest {
    private static final Path NOWHERE = Path.of("/nowhere");
    private static final Surroundings SURROUNDINGS = new Surroundings(NOWHERE, NOWHERE, "me", "x86_64-linux", Map.of());
    private static final int FILES = 2000;

    /// What stands in the place of a value now and then.
    private static final List<String> ODD =
            List.of("0", "-1", "x", "''", "~", "[]", "[x]", "{}", "{x: y}", "1h", "true");

    private static final Set<String> NEEDED = Set.of("machines", "listen", "command", "start", "stop", "address");

    /// How many of the rows of a group a file has at most, in percent.
    private static final int MOST_ROWS = 40;

    @Test
    void keysInAnyCombinationAreSettingsOrFaults() {
        var good = new AtomicInteger();
        Seeds.run(FILES, random -> {
            var text = group(SettingsTable.TOP, 1 + random.nextInt(MOST_ROWS), random);
            try {
                assertThat(new SettingsReader(NOWHERE.resolve("d.yaml"), SURROUNDINGS)
                                .read(text)
                                .machines())
                        .isNotEmpty();
                good.incrementAndGet();
            } catch (SettingsException e) {
                assertThat(e.faults()).isNotEmpty();
            } catch (RuntimeException e) {
                throw new AssertionError(text, e);
            }
        });
        if (Long.getLong("seed") == null) assertThat(good).hasValueGreaterThan(FILES / 400);
    }

    private static String group(Group group, int percent, RandomGenerator random) {
        return group.rows().stream()
                .filter(row -> has(row, percent, random))
                .map(row -> row.name() + ": " + value(row, percent, random))
                .collect(Collectors.joining(", ", "{", "}"));
    }

    private static boolean has(Row row, int percent, RandomGenerator random) {
        boolean needed = NEEDED.contains(row.name())
                || (row instanceof Key<?> key && key.preset() instanceof Key.Preset.Required<?>);
        return random.nextInt(100) < (needed ? 95 : percent);
    }

    private static String value(Row row, int percent, RandomGenerator random) {
        if (random.nextInt(50) == 0) return ODD.get(random.nextInt(ODD.size()));
        return switch (row) {
            case Group group
            when group.isList() ->
                IntStream.rangeClosed(0, random.nextInt(2))
                        .mapToObj(_ -> group(group, percent, random))
                        .collect(Collectors.joining(", ", "[", "]"));
            case Group group -> group(group, percent, random);
            case Key<?> key -> key.example().isEmpty() ? ODD.get(random.nextInt(ODD.size())) : key.example();
        };
    }
}
