package dispatcher.store.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.store.Verify;
import dispatcher.testkit.NarTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What only another process shows: that one killed leaves whole paths or nothing, that two don't share a
/// directory, and what a full disk does.
@Tag("slow")
class SpoolCrashTest {
    private static final long LIMIT = 300_000;

    @TempDir
    private Path temp;

    @Test
    void aKilledProcessLeavesWholePathsOrNothing() throws Exception {
        var dir = temp.resolve("spool");
        long seed = Long.getLong("seed", System.nanoTime());
        var random = new Random(seed);
        int found = 0;
        for (int round = 0; round < 6; round++) {
            var child = start(List.of(), "add", dir.toString(), Long.toString(random.nextLong()));
            try (var out = child.inputReader()) {
                int enough = 1 + random.nextInt(100);
                for (int i = 0; i < enough; i++) assertThat(out.readLine()).isEqualTo("added");
                if (round == 0)
                    assertThatThrownBy(() -> Spool.open(dir, StoreDir.NIX_STORE, SpoolLimits.of(LIMIT)))
                            .isInstanceOf(IOException.class)
                            .hasMessageContaining("the process with pid " + child.pid());
                child.destroyForcibly();
                assertThat(child.waitFor(10, TimeUnit.SECONDS)).isTrue();
            }
            found += verify(dir, seed);
        }
        assertThat(found).as("paths seen").isPositive();
    }

    private static int verify(Path dir, long seed) throws Exception {
        try (var spool = Spool.open(dir, StoreDir.NIX_STORE, SpoolLimits.of(LIMIT))) {
            for (var path : spool.queryAllValidPaths()) {
                var bytes = new ByteArrayOutputStream();
                spool.narFromPath(path, Verify.HERE, bytes);
                assertThat(NarTree.parse(bytes.toByteArray()).narHash())
                        .isEqualTo(spool.queryPathInfo(path).orElseThrow().narHash());
            }
            assertThat(count(dir.resolve("info")))
                    .as("infos, seed %d", seed)
                    .isEqualTo(spool.status().paths());
            var hashes = spool.queryAllValidPaths().stream()
                    .map(path -> spool.queryPathInfo(path).orElseThrow().narHash())
                    .distinct();
            assertThat(count(dir.resolve("nar"))).as("NARs, seed %d", seed).isEqualTo(hashes.count());
            assertThat(count(dir.resolve("tmp")))
                    .as("temporary files, seed %d", seed)
                    .isZero();
            assertThat(count(dir.resolve("bad"))).as("bad infos, seed %d", seed).isZero();
            return spool.status().paths();
        }
    }

    private static long count(Path dir) throws IOException {
        try (var files = Files.walk(dir)) {
            return files.filter(Files::isRegularFile).count();
        }
    }

    @Test
    void aFullDiskMakesRoomAsAFullSpoolDoesOrRefuses() throws Exception {
        var dir = Files.createDirectory(temp.resolve("small"));
        var inNamespace =
                List.of("unshare", "--mount", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs \"$0\" && exec \"$@\"");
        var command = new ArrayList<>(inNamespace);
        command.add(dir.toString());
        assumeThat(canRun(command, "true")).as("may make a mount namespace").isTrue();
        var child = start(command, "fill", dir.resolve("spool").toString());
        var refused =
                "StoreRefusedException: the disk of the spool at %s is full, so it cannot take %s: free some space there, or set a smaller spool.size in the settings"
                        .formatted(dir.resolve("spool"), Upload.path("large"));
        try (var out = child.inputReader()) {
            assertThat(out.lines())
                    .containsExactly(
                            refused,
                            "after a large one: " + paths("first"),
                            refused,
                            "after one that went on meanwhile: " + paths("first", "other"),
                            "after one of the same size: " + paths("other", "second"),
                            "temporary files: 0");
        } finally {
            child.destroyForcibly();
        }
    }

    private static SortedSet<StorePath> paths(String... names) {
        return new TreeSet<>(Arrays.stream(names).map(Upload::path).toList());
    }

    private static boolean canRun(List<String> prefix, String program) throws InterruptedException {
        var command = new ArrayList<>(prefix);
        command.add(program);
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private static Process start(List<String> prefix, String... arguments) throws IOException {
        var command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /// The other process.
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws Exception {
            var dir = Path.of(args[1]);
            if (args[0].equals("add")) addForever(dir, Long.parseLong(args[2]));
            else fill(dir);
        }

        /// More than fits, so that paths go too, and NARs shared by several paths.
        private static void addForever(Path dir, long seed) throws Exception {
            var random = new Random(seed);
            try (var spool = Spool.open(dir, StoreDir.NIX_STORE, SpoolLimits.of(LIMIT))) {
                while (true) {
                    int which = random.nextInt(1000);
                    Upload.of("p" + which, "n" + which / 2, 200 + which / 2 * 32)
                            .addTo(spool);
                    System.out.println("added");
                }
            }
        }

        private static void fillUp(Spool spool) throws InterruptedException {
            try {
                Upload.of("large", 4 << 20).addTo(spool);
            } catch (IOException e) {
                System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
            }
        }

        private static void fill(Path dir) throws Exception {
            try (var spool = Spool.open(dir, StoreDir.NIX_STORE, SpoolLimits.of(1L << 30))) {
                Upload.of("first", 600_000).addTo(spool);
                fillUp(spool);
                System.out.println("after a large one: " + spool.queryAllValidPaths());
                var other = Upload.of("other", 200_000);
                Upload.add(spool, other.info(), sink -> {
                    sink.write(other.nar(), 0, 100_000);
                    fillUp(spool);
                    sink.write(other.nar(), 100_000, 100_000);
                    return other.summary();
                });
                System.out.println("after one that went on meanwhile: " + spool.queryAllValidPaths());
                Upload.of("second", 600_000).addTo(spool);
                System.out.println("after one of the same size: " + spool.queryAllValidPaths());
                System.out.println("temporary files: " + count(dir.resolve("tmp")));
            }
        }
    }
}
