package dispatcher.cli.simulate;

import dispatcher.cli.terminal.UserFacingException;
import dispatcher.simulate.generate.DebianPackages;
import dispatcher.simulate.generate.Generator;
import dispatcher.simulate.generate.Mix;
import dispatcher.simulate.model.Scenario;
import dispatcher.simulate.trace.TraceException;
import dispatcher.simulate.trace.TraceReader;
import dispatcher.text.Spelling;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

/// Gets scenarios from files and generators.
///
/// @param builds   how many are generated; empty for the usual number
/// @param machines those that are generated; empty for the usual ones
record ScenarioSource(long seed, OptionalInt builds, List<Mix> machines) {
    private static final String DEBIAN = "debian:";
    private static final List<Mix> DEBIAN_MACHINES = List.of(Mix.parse("8x8"));

    /// What `--generate` takes, for people.
    static List<String> kinds() {
        return Stream.concat(Arrays.stream(Generator.values()).map(Generator::word), Stream.of(DEBIAN + "FILE"))
                .toList();
    }

    Scenario generate(String kind) {
        if (kind.startsWith(DEBIAN)) return debian(Path.of(kind.substring(DEBIAN.length())));
        var generator = Generator.of(kind)
                .orElseThrow(() -> new UserFacingException(
                        "cannot generate '%s'".formatted(kind),
                        "there is no such kind of scenario" + Spelling.hint(kind, kinds()),
                        "name one of %s".formatted(String.join(", ", kinds()))));
        return generator.make(
                seed, builds.orElse(generator.builds()), machines.isEmpty() ? generator.machines() : machines);
    }

    private Scenario debian(Path file) {
        var packages = new DebianPackages(builds.orElse(Integer.MAX_VALUE));
        read(file, "a Packages file of a Debian archive, unpacked", packages::line);
        try {
            return packages.scenario(
                    "debian:" + file.getFileName(), seed, machines.isEmpty() ? DEBIAN_MACHINES : machines);
        } catch (IllegalArgumentException e) {
            throw unreadable(file, 0, e, "a Packages file of a Debian archive, unpacked");
        }
    }

    static Scenario trace(Path file) {
        var what = "a trace, in the format of docs/SIMULATOR.md, or as `serve` records it with schedule.trace";
        var reader = new TraceReader(String.valueOf(file.getFileName()));
        read(file, what, reader::line);
        try {
            return reader.scenario();
        } catch (TraceException e) {
            throw unreadable(file, e.line(), e, what);
        }
    }

    private interface LineTaker {
        void line(String text);
    }

    private static void read(Path file, String what, LineTaker taker) {
        int number = 0;
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                taker.line(line);
            }
        } catch (TraceException | IllegalArgumentException e) {
            throw unreadable(file, number, e, what);
        } catch (NoSuchFileException e) {
            throw new UserFacingException("cannot read " + file, "there is no such file", "name " + what, e);
        } catch (CharacterCodingException e) {
            throw new UserFacingException(
                    "cannot read " + file, "line %d is not UTF-8 text".formatted(number + 1), "name " + what, e);
        } catch (IOException e) {
            throw new UserFacingException("cannot read " + file, String.valueOf(e.getMessage()), "name " + what, e);
        }
    }

    /// @param line 0 if it is none in particular
    private static UserFacingException unreadable(Path file, int line, RuntimeException e, String what) {
        var place = line == 0 ? file.toString() : file + ":" + line;
        return new UserFacingException(
                "cannot read " + file, "%s: %s".formatted(place, e.getMessage()), "correct it, or name " + what, e);
    }
}
