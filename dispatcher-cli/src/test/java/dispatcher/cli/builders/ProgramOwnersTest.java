package dispatcher.cli.builders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// As the user who runs the tests: that user's files are trusted.
class ProgramOwnersTest {
    private static final int SOMEBODY = 12345;

    /// Below a directory with the sticky bit, as a rule.
    @TempDir
    private Path directory;

    private ProgramOwners owners;
    private Path bin;
    private Path program;

    @BeforeEach
    void install() throws IOException {
        owners = ProgramOwners.ofThisProcess();
        directory = directory.toRealPath();
        bin = Files.createDirectories(directory.resolve("opt/d/bin"));
        program = Files.writeString(bin.resolve("program"), "#!/bin/sh\n");
        for (var path : List.of(program, bin, directory.resolve("opt/d"), directory.resolve("opt")))
            mode(path, "rwxr-xr-x");
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    private static void give(Path path) throws IOException {
        Files.setAttribute(path, "unix:uid", SOMEBODY, java.nio.file.LinkOption.NOFOLLOW_LINKS);
    }

    private void assertExposed(Path place, String why) {
        assertThat(owners.exposure(program)).hasValueSatisfying(found -> {
            assertThat(found.place()).isEqualTo(place);
            assertThat(found.why()).isEqualTo(why);
        });
    }

    @Test
    void programIsSafeThatNobodyElseCanWriteTo() {
        assertThat(owners.exposure(program)).isEmpty();
    }

    @Test
    void programIsExposedThatEverybodyCanWriteTo() throws IOException {
        mode(program, "rwxr-xrwx");

        assertExposed(program, "everybody can write to " + program);
    }

    @Test
    void programIsExposedInAnyDirectoryThatEverybodyCanWriteTo() throws IOException {
        mode(directory.resolve("opt"), "rwxrwxrwx");

        assertExposed(directory.resolve("opt"), "everybody can write to " + directory.resolve("opt"));
    }

    @Test
    void linksAreFollowedAndTheirTargetsLookedAtToo() throws IOException {
        var other = Files.createDirectories(directory.resolve("usr/bin"));
        Files.createSymbolicLink(directory.resolve("usr/d"), Path.of("../opt/./d"));
        Files.createSymbolicLink(other.resolve("p"), Path.of("../d/bin/program"));
        program = other.resolve("p");
        assertThat(owners.exposure(program)).isEmpty();

        mode(bin, "rwxr-xrwx");

        assertExposed(bin, "everybody can write to " + bin);
    }

    @Test
    void linksInACircleAreNoProgram() throws IOException {
        program = Files.createSymbolicLink(bin.resolve("a"), Path.of("a"));

        assertExposed(
                program.resolveSibling("a"), "it cannot be looked at (java.io.IOException: too many symbolic links)");
    }

    @Test
    void whatIsNotThereIsExposed() {
        program = bin.resolve("none");

        assertThat(owners.exposure(program))
                .hasValueSatisfying(found -> assertThat(found.why())
                        .startsWith("it cannot be looked at (java.nio.file.NoSuchFileException"));
    }

    @Nested
    class OfRoot {
        @BeforeEach
        void needsRoot() {
            assumeTrue(owners.isRoot(), "only root can give files away");
        }

        @Test
        void programIsExposedThatBelongsToAnother() throws IOException {
            give(program);

            assertExposed(program, program + " belongs to the user " + SOMEBODY);
            assertThat(ProgramOwners.of(SOMEBODY).exposure(program)).isEmpty();
        }

        @Test
        void programIsExposedInADirectoryOfAnother() throws IOException {
            give(directory.resolve("opt/d"));

            assertExposed(directory.resolve("opt/d"), directory.resolve("opt/d") + " belongs to the user " + SOMEBODY);
        }

        @Test
        void linkOfAnotherIsExposed() throws IOException {
            var link = Files.createSymbolicLink(directory.resolve("link"), bin);
            give(link);
            program = link.resolve("program");

            assertExposed(link, link + " belongs to the user " + SOMEBODY);
        }

        @Test
        void groupMayOnlyWriteIfItIsRoots() throws IOException {
            mode(bin, "rwxrwxr-x");
            assertThat(owners.exposure(program)).isEmpty();

            Files.setAttribute(bin, "unix:gid", SOMEBODY);

            assertExposed(bin, "the group %d can write to %s".formatted(SOMEBODY, bin));
        }
    }
}
