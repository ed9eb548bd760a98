package dispatcher.store.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.ByteString;
import dispatcher.testkit.NarTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTreeTest {
    @TempDir
    private Path dir;

    static void write(NarTree tree, Path to) throws IOException {
        switch (tree) {
            case NarTree.File(var executable, var contents) -> {
                Files.write(to, contents.toByteArray());
                assertThat(to.toFile().setExecutable(executable)).isTrue();
            }
            case NarTree.Symlink(var target) -> Files.createSymbolicLink(to, Path.of(target.utf8()));
            case NarTree.Directory(var entries) -> {
                Files.createDirectory(to);
                for (var entry : entries.entrySet())
                    write(entry.getValue(), to.resolve(entry.getKey().utf8()));
            }
        }
    }

    private static byte[] nar(Path root) throws IOException {
        var nar = new ByteArrayOutputStream();
        FileTree.writeNar(root, nar);
        return nar.toByteArray();
    }

    /// With names and targets that all locales can hold.
    private static NarTree random(RandomGenerator random, int depth) {
        return switch (random.nextInt(depth > 0 ? 5 : 3)) {
            case 0 -> NarTree.symlink(name(random, 40));
            case 1, 2 -> {
                var contents = new byte[random.nextInt(random.nextInt(10) == 0 ? 200_000 : 40)];
                random.nextBytes(contents);
                yield new NarTree.File(random.nextBoolean(), ByteString.wrap(contents));
            }
            default -> {
                var entries = new TreeMap<ByteString, NarTree>();
                for (int n = random.nextInt(6); n > 0; n--)
                    entries.put(ByteString.of(name(random, 30)), random(random, depth - 1));
                yield new NarTree.Directory(entries);
            }
        };
    }

    private static String name(RandomGenerator random, int most) {
        var name = new StringBuilder("n");
        for (int n = random.nextInt(most); n > 0; n--) {
            char c = (char) random.nextInt(' ', 0x7f);
            name.append(c == '/' ? 'X' : c);
        }
        return name.toString();
    }

    @Test
    void filesAreTheNarThatNixMakesOfThem() throws Exception {
        for (long seed = 0; seed < 200; seed++) {
            var tree = random(new Random(seed), 3);
            var root = dir.resolve("tree-" + seed);
            write(tree, root);

            assertThat(NarTree.parse(nar(root))).as("seed %d", seed).isEqualTo(tree);
            assertThat(nar(root)).as("seed %d", seed).isEqualTo(tree.toNar());
            assertThat(FileTree.narSize(root)).as("seed %d", seed).isEqualTo(tree.toNar().length);
        }
    }

    @Test
    void linksAreNotFollowed() throws Exception {
        var target = Files.createDirectory(dir.resolve("target"));
        Files.writeString(target.resolve("file"), "secret");
        var link = Files.createSymbolicLink(dir.resolve("link"), target);

        assertThat(NarTree.parse(nar(link))).isEqualTo(NarTree.symlink(target.toString()));
    }

    @Test
    void namesThatNotAllLocalesHoldAreRefused() throws Exception {
        var root = Files.createDirectory(dir.resolve("root"));
        Files.writeString(root.resolve("a"), "");
        Files.createSymbolicLink(root.resolve("b"), Path.of("caf\u00e9"));

        assertThatThrownBy(() -> FileTree.narSize(root)).isInstanceOf(IOException.class);
    }

    @Test
    void whatNoNarHoldsIsRefused() throws Exception {
        var socket = dir.resolve("socket");
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));

            assertThatThrownBy(() -> FileTree.narSize(socket))
                    .isInstanceOf(IOException.class)
                    .hasMessageEndingWith("is neither a file, a directory nor a link");
        }
    }

    @Test
    void whatIsNotThereIsRefused() {
        assertThatThrownBy(() -> FileTree.narSize(dir.resolve("nothing"))).isInstanceOf(IOException.class);
    }
}
