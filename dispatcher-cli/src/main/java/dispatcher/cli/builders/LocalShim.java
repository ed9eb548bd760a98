package dispatcher.cli.builders;

import dispatcher.cli.release.ProgramJar;
import dispatcher.cli.terminal.UserFacingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/// The program that Nix on this host runs to reach our socket: `dispatcher-stdio` of this installation, with the
/// socket's path as its argument, and perhaps `--machine` and a name.
///
/// Nix older than 2.20 gives the text of `remote-program` to a shell, newer ones split it at blanks, and all of them
/// decode `%20` first. So plain words are arguments for each of them.
///
/// @param program absolute
/// @param socket  of the dispatcher, absolute
public record LocalShim(Path program, Path socket) {
    private static final Pattern PLAIN = Pattern.compile("/[A-Za-z0-9/._+@-]*");
    private static final String NAME = "dispatcher-stdio";

    /// The store URI by which Nix on this host reaches us.
    ///
    /// @param machine that all builds are to go to; its name can stand in a URI
    /// @throws UserFacingException if one of the paths cannot stand in one
    public String storeUri(Optional<String> machine) {
        plain(program, "copy the program to a path without them, and give that path as --shim");
        plain(socket, "choose another path for listen.socket in the settings");
        var choice = machine.map("%20--machine%20"::concat).orElse("");
        return "ssh-ng://localhost?remote-program=%s%%20%s%s".formatted(program, socket, choice);
    }

    private static void plain(Path path, String next) {
        if (PLAIN.matcher(path.toString()).matches()) return;
        throw new UserFacingException(
                "cannot write a builders line with %s".formatted(path),
                "it has characters that mean something in a store URI or a shell; letters, digits and / . _ + @ - do not",
                next);
    }

    /// The program of this installation, `bin/dispatcher-stdio` beside the `lib/` that holds our jar.
    ///
    /// @throws UserFacingException if it is not there
    public static Path installed() {
        var jar = ProgramJar.find();
        return jar.map(Path::getParent)
                .map(lib -> lib.resolveSibling("bin").resolve(NAME))
                .filter(Files::isRegularFile)
                .orElseThrow(() -> new UserFacingException(
                        "cannot find the program dispatcher-stdio",
                        "it should be in bin/ beside the directory of "
                                + jar.map(Path::toString).orElse("the program"),
                        "run the program from its release layout or by ./dispatcher, or name the file with --shim"));
    }

    /// The script that earlier versions wrote into the state directory, where `builders` lines of theirs look for
    /// it; empty unless it is there and others than root could change it.
    public static Optional<Path> exposedScript(Path state) {
        var script = state.resolve(NAME);
        if (!Files.isRegularFile(script)) return Optional.empty();
        return ProgramOwners.of(ProgramOwners.ROOT).exposure(script).map(_ -> script);
    }
}
