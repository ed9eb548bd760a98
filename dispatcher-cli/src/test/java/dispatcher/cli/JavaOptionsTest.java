package dispatcher.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The flags of the program's JVM, with which it is started in a checkout and in a release.
class JavaOptionsTest {
    private static final int OUT_OF_MEMORY = 3;

    @Test
    void theProgramEndsWhenItsMemoryRunsOutSoThatItIsStartedAgain() throws Exception {
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "@src/main/dist/lib/java.options",
                        "-Xmx40m",
                        "-cp",
                        Path.of(Hungry.class
                                        .getProtectionDomain()
                                        .getCodeSource()
                                        .getLocation()
                                        .toURI())
                                .toString(),
                        Hungry.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isEqualTo(OUT_OF_MEMORY);
    }

    /// Goes on when a thread of its has no memory, as a server does.
    static final class Hungry {
        private Hungry() {}

        public static void main(String[] args) throws InterruptedException {
            var eater = Thread.ofVirtual().start(Hungry::eat);
            eater.join();
            System.exit(0);
        }

        private static void eat() {
            List<byte[]> eaten = new ArrayList<>();
            while (!Thread.interrupted()) eaten.add(new byte[1 << 20]);
            System.out.println(eaten.size());
        }
    }
}
