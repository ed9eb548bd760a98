package dispatcher.cli.settings.file;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dispatcher.cli.settings.toml.TomlMachines;
import dispatcher.cli.settings.value.ByteSize;
import dispatcher.cli.settings.value.Durations;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.settings.yaml.SettingsException;
import dispatcher.machine.file.MachinesFile;
import dispatcher.testkit.Bounds;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Whatever a settings file holds, it becomes settings, or faults that each have a line.
///
/// A normal run only replays the inputs under `src/test/resources/dispatcher/cli/settings/SettingsFuzzTestInputs`.
/// `scripts/fuzz` looks for new ones.
class SettingsFuzzTest {
    private static final String DURATION = "10m";
    private static final Path NOWHERE = Path.of("/nowhere");
    private static final Surroundings SURROUNDINGS = new Surroundings(NOWHERE, NOWHERE, "me", "x86_64-linux", Map.of());

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @FuzzTest(maxDuration = DURATION)
    void settings(byte[] bytes) {
        Bounds.hold(bytes.length, () -> trySettings(bytes));
    }

    private static void trySettings(byte[] bytes) {
        try {
            var settings = new SettingsReader(NOWHERE.resolve("d.yaml"), SURROUNDINGS).read(text(bytes));
            assertThat(settings.machines()).isNotEmpty();
        } catch (SettingsException e) {
            assertThat(e.faults()).isNotEmpty().allSatisfy(fault -> {
                assertThat(fault.line()).isPositive();
                assertThat(fault.message()).isNotBlank();
            });
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void tomlMachines(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryTomlMachines(bytes));
    }

    private static void tryTomlMachines(byte[] bytes) {
        var text = text(bytes);
        long lines = text.chars().filter(c -> c == '\n').count() + 1;
        try {
            var file = TomlMachines.read(new MachinesFile.Source("machines", 1, text), SURROUNDINGS.machineDefaults());
            assertThat(file.entries())
                    .extracting(entry -> entry.machine().name())
                    .doesNotHaveDuplicates();
            assertThat(file.entries())
                    .extracting(MachinesFile.Entry::line)
                    .allSatisfy(line -> assertThat((long) line).isBetween(1L, lines));
            assertThat(Stream.of(file.faults(), file.warnings()).flatMap(List::stream))
                    .allSatisfy(remark -> {
                        assertThat((long) remark.line()).isBetween(1L, lines);
                        assertThat(remark.message()).isNotBlank();
                    });
        } catch (TomlMachines.UnreadableException e) {
            var fault = e.fault("machines");
            assertThat((long) fault.line()).isBetween(1L, lines);
            assertThat(fault.message()).isNotBlank();
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void units(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryUnits(bytes));
    }

    private static void tryUnits(byte[] bytes) {
        try {
            var size = ByteSize.parse(text(bytes));
            assertThat(ByteSize.parse(size.toString())).isEqualTo(size);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
        try {
            var duration = Durations.parse(text(bytes));
            assertThat(Durations.parse(Durations.format(duration))).isEqualTo(duration);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
        try {
            var address = HostAndPort.parse(text(bytes));
            assertThat(HostAndPort.parse(address.toString())).isEqualTo(address);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }
}
