package dispatcher.machine.provider;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.MachineSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SizeFileTest {
    private static final MachineSize SETTINGS = new MachineSize(Optional.of(1.5), Optional.of(1024L), Optional.empty());

    @TempDir
    private Path directory;

    private SizeFile file() {
        return new SizeFile(directory.resolve("machine/size"));
    }

    private static MachineSize cores(double cores) {
        return new MachineSize(Optional.of(cores), Optional.empty(), Optional.empty());
    }

    @Test
    void withoutItTheSettingsCount() throws IOException {
        assertThat(file().read(SETTINGS)).isEqualTo(SETTINGS);
    }

    @Test
    void whatIsGivenCountsAndTheRestIsOfTheSettings() throws IOException {
        file().write(SETTINGS, cores(4));
        assertThat(file().read(SETTINGS))
                .isEqualTo(new MachineSize(Optional.of(4.0), Optional.of(1024L), Optional.empty()));
        file().write(SETTINGS, MachineSize.NONE);
        assertThat(file().read(SETTINGS)).isEqualTo(SETTINGS);
    }

    @Test
    void otherSettingsCountAgain() throws IOException {
        file().write(SETTINGS, cores(4));
        assertThat(file().read(cores(2))).isEqualTo(cores(2));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1.5 1024 -",
                "1.5 1024 -\n0 - -\n",
                "1.5 1024 -\nmany - -\n",
                "1.5 1024 -\n4 - 999999999999999999999\n"
            })
    void whatIsNoSizeIsLeftAside(String text) throws IOException {
        Files.createDirectories(directory.resolve("machine"));
        Files.writeString(directory.resolve("machine/size"), text);
        assertThat(file().read(SETTINGS)).isEqualTo(SETTINGS);
    }
}
