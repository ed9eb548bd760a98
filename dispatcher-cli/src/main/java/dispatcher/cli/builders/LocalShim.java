package dispatcher.cli.builders;

import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.regex.Pattern;

/// The program that Nix on this host runs to reach our socket.
///
/// Nix older than 2.20 hands the text of `remote-program` to a shell, newer ones split it at blanks, so it should
/// be one plain word. Hence a script of ours, `dispatcher-stdio` with the socket's path built in. It lies in the state
/// directory, since `/run`, where the socket mostly is, allows no programs on some systems; so the `builders` entry
/// stays the same when the dispatcher itself moves.
///
/// @param socket of the dispatcher, absolute
/// @param script executable for everyone
public record LocalShim(Path socket, Path script) {
    private static final Pattern PLAIN = Pattern.compile("/[A-Za-z0-9/._+@-]*");
    private static final String NAME = "dispatcher-stdio";

    /// The shim of a socket. Touches no file.
    ///
    /// @param state the state directory
    public static LocalShim of(Path state, Path socket) {
        return new LocalShim(socket, state.resolve(NAME));
    }

    /// The store URI by which Nix on this host reaches us.
    ///
    /// @throws UserFacingException if the path cannot stand in one
    public String storeUri() {
        if (!PLAIN.matcher(script.toString()).matches())
            throw new UserFacingException(
                    "cannot write a builders line with %s".formatted(script),
                    "its path has characters that mean something in a store URI or a shell; letters, digits and"
                            + " / . _ + @ - do not",
                    "choose another directory for `state` in the settings");
        return "ssh-ng://localhost?remote-program=" + script;
    }

    /// Writes the script, if it is not there yet as it should be. It appears whole.
    ///
    /// @param program the shim without a socket, see [#program]
    public void install(Path program) throws IOException {
        var quoted = "'" + socket.toString().replace("'", "'\\''") + "'";
        var text = "#!/bin/sh\nset -- %s \"$@\"\n".formatted(quoted) + Files.readString(program);
        if (Files.isExecutable(script) && Files.readString(script).equals(text)) return;
        Files.createDirectories(script.getParent());
        var draft = script.resolveSibling(NAME + ".new");
        Files.writeString(draft, text);
        Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.move(draft, script, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /// The shim of this installation, `bin/dispatcher-stdio` beside the `lib/` that holds our jar.
    ///
    /// @throws UserFacingException if it is not there
    public static Path program() {
        var jar = location();
        var program = Optional.ofNullable(jar.getParent())
                .map(lib -> lib.resolveSibling("bin").resolve(NAME))
                .filter(Files::isRegularFile);
        return program.orElseThrow(() -> new UserFacingException(
                "cannot find the program dispatcher-stdio",
                "it should be in bin/ beside the directory of " + jar,
                "run the program from its release layout or by ./dispatcher"));
    }

    private static Path location() {
        try {
            return Path.of(LocalShim.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
