package dispatcher.cli.settings.file;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.machine.Machine;
import dispatcher.machine.file.MachinesFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The files of `machines.d`.
class MachineFilesTest {
    @TempDir
    private Path directory;

    private Path files;

    @BeforeEach
    void make() throws IOException {
        files = Files.createDirectory(directory.resolve("machines.d"));
        Files.writeString(directory.resolve("dispatcher.yaml"), """
                listen: {socket: /run/d.sock}
                machines:
                  - {hostName: a, system: x86_64-linux}
                """);
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(files.resolve(name), text);
    }

    private Surroundings surroundings() {
        return new Surroundings(directory, directory, "me", "x86_64-linux", Map.of());
    }

    private Settings read() {
        return SettingsFile.load(directory.resolve("dispatcher.yaml"), surroundings());
    }

    private static List<String> names(Settings settings) {
        return settings.machines().stream().map(Machine::name).toList();
    }

    @Test
    void eachHoldOneMachineOrAList() throws IOException {
        write("2.yaml", "- {hostName: d, maxJobs: 3}\n- {hostName: e}\n");
        write("1.yaml", "hostName: b\nprotocol: ssh-ng\nsshKey: key\n");
        write("3.yaml", "");
        write("no.txt", "hostName: x");
        write(".half.yaml", "hostName: y");

        var settings = read();

        assertThat(names(settings)).containsExactly("a", "b", "d", "e");
        assertThat(settings.machines().get(1).address().keyFile()).isEqualTo(Optional.of(files.resolve("key")));
        assertThat(settings.notUsed()).isEmpty();
        assertThat(settings.files())
                .contains(files, files.resolve("1.yaml"), files.resolve("2.yaml"), files.resolve("3.yaml"));
    }

    @Test
    void aFaultTakesOnlyTheMachinesOfItsFileOutOfUse() throws IOException {
        write("bad.yaml", "- hostName: b\n- hostName: c\n  maxJob: 3\n");
        write("good.yaml", "hostName: d\n");
        write("none.yaml", "- hostName: [\n");
        write("twice.yaml", "hostName: a\n");

        var settings = read();

        assertThat(names(settings)).containsExactly("a", "d");
        assertThat(settings.notUsed())
                .extracting(Fault::toString)
                .satisfiesExactly(
                        fault -> assertThat(fault)
                                .startsWith(
                                        files.resolve("bad.yaml") + ":3: maxJob: unknown key; did you mean 'maxJobs'"),
                        fault -> assertThat(fault)
                                .startsWith(files.resolve("none.yaml") + ":")
                                .contains("no YAML"),
                        fault -> assertThat(fault)
                                .startsWith(files.resolve("twice.yaml")
                                        + ":1: hostName: the name 'a' is taken by the machine"
                                        + " at dispatcher.yaml:3"));
    }

    @Test
    void theyMayBeAllThatThereIs() throws IOException {
        Files.writeString(directory.resolve("dispatcher.yaml"), "listen: {socket: /run/d.sock}\n");
        write("b.yaml", "hostName: b\n");

        assertThat(names(read())).containsExactly("b");
    }

    @Test
    void machinesThatWereAddedAtRunTimeAreReadInTheSameWay() {
        var settings = SettingsFile.again(
                read(),
                surroundings(),
                List.of(
                        new MachinesFile.Source("added b", 1, "hostName: \"b\"\nsystems: [\"x86_64-linux\"]\n"),
                        new MachinesFile.Source("added a", 1, "hostName: \"a\"\n")));

        assertThat(names(settings)).containsExactly("a", "b");
        assertThat(settings.notUsed()).extracting(Fault::file).containsExactly("added a");
    }
}
