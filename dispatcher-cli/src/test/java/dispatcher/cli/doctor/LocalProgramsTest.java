package dispatcher.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.testkit.Await;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalProgramsTest {
    /// A Nix whose build does not end, with a process below it as Nix has its hook. It takes away what it made when it
    /// is asked to end.
    private static final String NIX_BUILD = """
            #!/bin/sh
            echo made > "$FOLDER/temporary"
            trap 'rm "$FOLDER/temporary"; exit 1' TERM
            sleep 1000 &
            echo $! > "$FOLDER/child.new"
            mv "$FOLDER/child.new" "$FOLDER/child"
            wait
            """;

    private static final String NIX = """
            #!/bin/sh
            case "$*" in
                *config*) printf 'max-jobs = 0\nbuilders = ssh-ng://localhost?remote-program=/opt/dispatcher-stdio%%20/s x86_64-linux\n' ;;
                *) echo 'nix (Nix) 2.31.1' ;;
            esac
            """;

    @TempDir
    private Path directory;

    private void program(String name, String script) throws IOException {
        var file = Files.writeString(directory.resolve(name), script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void aDoctorThatIsInterruptedEndsAtOnceWithItsBuild(String signal, int status) throws Exception {
        program("nix", NIX);
        program("nix-build", NIX_BUILD);
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var doctor = new ProcessBuilder(
                java,
                "-cp",
                classPath(),
                "dispatcher.cli.Main",
                "doctor",
                "--only",
                "nix",
                "--config",
                directory.resolve("none.yaml").toString());
        doctor.environment()
                .putAll(Map.of(
                        "PATH",
                        directory + File.pathSeparator + System.getenv("PATH"),
                        "FOLDER",
                        directory.toString()));
        var process = doctor.redirectErrorStream(true)
                .redirectOutput(directory.resolve("out").toFile())
                .start();
        try {
            var child = directory.resolve("child");
            Await.until("the build begins", () -> Files.exists(child) || !process.isAlive());
            assertThat(process.isAlive())
                    .as(Files.readString(directory.resolve("out")))
                    .isTrue();
            var pid = Long.parseLong(Files.readString(child).strip());

            long start = System.nanoTime();
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();

            assertThat(process.exitValue()).isEqualTo(status);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
            assertThat(directory.resolve("temporary")).doesNotExist();
            Await.until(
                    "the process below the build is gone",
                    () -> ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty());
        } finally {
            process.destroyForcibly();
        }
    }

    /// Of this process, however its launcher keeps it.
    private static String classPath() {
        var path = System.getProperty("java.class.path");
        if (!(LocalProgramsTest.class.getClassLoader() instanceof URLClassLoader loader)) return path;
        return Stream.concat(Arrays.stream(loader.getURLs()).map(URL::getPath), Stream.of(path))
                .collect(Collectors.joining(File.pathSeparator));
    }

    @Test
    void aProgramHasAnExitStatusAndWhatItPrinted() throws Exception {
        assertThat(new LocalPrograms()
                        .run(Duration.ofSeconds(20), List.of("/bin/sh", "-c", "echo a; echo b >&2; exit 3")))
                .isEqualTo(new Programs.Ran(3, "a\n", "b\n"));
        assertThat(new LocalPrograms()
                        .run(Duration.ofSeconds(20), List.of("/nowhere"))
                        .isThere())
                .isFalse();
    }

    @Test
    void aProgramThatTakesTooLongIsEndedWithWhatItStarted() throws Exception {
        var ran =
                new LocalPrograms().run(Duration.ofMillis(300), List.of("/bin/sh", "-c", "sleep 1000 & echo $!; wait"));

        assertThat(ran.status()).isEqualTo(Programs.Ran.TOO_LONG);
        var child =
                Optional.of(ran.out().strip()).filter(text -> !text.isEmpty()).map(Long::parseLong);
        Await.until(
                "it is gone",
                () -> child.flatMap(ProcessHandle::of)
                        .filter(ProcessHandle::isAlive)
                        .isEmpty());
    }
}
