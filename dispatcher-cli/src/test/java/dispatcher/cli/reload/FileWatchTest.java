package dispatcher.cli.reload;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWatchTest {
    private static final Path FILE = Path.of("/a/dispatcher.yaml");
    private static final Path MACHINES = Path.of("/a/machines");

    private final Map<Path, Object> disk = new HashMap<>(Map.of(FILE, 1, MACHINES, 1));
    private final FileWatch watch = new FileWatch(file -> disk.getOrDefault(file, "missing"));

    private void read(Path... files) {
        watch.beforeReading();
        watch.afterReading(List.of(files));
    }

    @Test
    void whatIsAsItWasIsNotToldOf() {
        read(FILE, MACHINES);

        assertThat(watch.hasChanged()).isFalse();
        assertThat(watch.hasChanged()).isFalse();
    }

    @Test
    void changeIsToldOfWhenItIsOver() {
        read(FILE, MACHINES);
        disk.put(FILE, 2);
        assertThat(watch.hasChanged()).as("just seen").isFalse();
        disk.put(FILE, 3);
        assertThat(watch.hasChanged()).as("written still").isFalse();
        assertThat(watch.hasChanged()).as("written").isTrue();
        read(FILE, MACHINES);

        assertThat(watch.hasChanged()).as("read").isFalse();
    }

    @Test
    void fileThatIsNamedCountsAsMuch() {
        read(FILE, MACHINES);
        disk.put(MACHINES, 2);
        watch.hasChanged();

        assertThat(watch.hasChanged()).isTrue();
    }

    @Test
    void fileThatIsNamedNoMoreDoesNotCount() {
        read(FILE, MACHINES);
        read(FILE);
        disk.put(MACHINES, 2);
        watch.hasChanged();

        assertThat(watch.hasChanged()).isFalse();
    }

    @Test
    void changeThatIsTakenBackIsNone() {
        read(FILE);
        disk.put(FILE, 2);
        watch.hasChanged();
        disk.put(FILE, 1);
        watch.hasChanged();

        assertThat(watch.hasChanged()).isFalse();
    }

    @Test
    void fileThatGoesAndComesBackWithinALookIsNoChange() {
        read(FILE);
        disk.remove(FILE);
        watch.hasChanged();
        disk.put(FILE, 1);

        assertThat(watch.hasChanged()).isFalse();
        assertThat(watch.hasChanged()).isFalse();
    }

    @Test
    void missingFileThatAppearsIsAChange() {
        var missing = Path.of("/a/later");
        read(FILE, missing);
        disk.put(missing, 1);
        watch.hasChanged();

        assertThat(watch.hasChanged()).isTrue();
    }

    @Test
    void whatIsWrittenWhileItIsReadIsReadOnceMore() {
        read(FILE);
        watch.beforeReading();
        disk.put(FILE, 2);
        watch.afterReading(List.of(FILE));
        watch.hasChanged();

        assertThat(watch.hasChanged()).isTrue();
    }

    @Test
    void filesOnDiskAreToldApartByTimeSizeAndPlace(@TempDir Path directory) throws Exception {
        var file = Files.writeString(directory.resolve("f"), "one");
        var time = Files.getLastModifiedTime(file);
        var real = new FileWatch();
        real.afterReading(List.of(file));
        assertThat(real.hasChanged()).isFalse();

        var other = Files.writeString(directory.resolve("other"), "two");
        Files.setLastModifiedTime(other, time);
        Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
        real.hasChanged();
        assertThat(real.hasChanged()).as("another of the same time and size").isTrue();
        real.afterReading(List.of(file));

        Files.setLastModifiedTime(file, FileTime.fromMillis(time.toMillis() + 1000));
        real.hasChanged();
        assertThat(real.hasChanged()).as("touched").isTrue();
    }
}
