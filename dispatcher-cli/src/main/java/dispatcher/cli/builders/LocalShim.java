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
/// be one plain word. Hence a script beside the socket, two lines long, that knows the socket's path and runs the
/// real shim, `bin/dispatcher-stdio`. Its path stays the same when the program moves, and so does the `builders`
/// entry.
///
/// @param socket of the dispatcher, absolute
/// @param script beside it: `dispatcher-stdio` for `dispatcher.sock`, `NAME-stdio` for another `NAME` or
///               `NAME.sock`
public record LocalShim(Path socket, Path script) {
    private static final Pattern PLAIN = Pattern.compile("/[A-Za-z0-9/._+@-]*");

    /// The shim of a socket. Touches no file.
    public static LocalShim of(Path socket) {
        var name = Optional.ofNullable(socket.getFileName()).map(Path::toString).orElse("dispatcher");
        var stem = name.endsWith(".sock") ? name.substring(0, name.length() - ".sock".length()) : name;
        return new LocalShim(socket, socket.resolveSibling(stem + "-stdio"));
    }

    /// The store URI by which Nix on this host reaches us.
    ///
    /// @throws UserFacingException if the path cannot stand in one
    public String storeUri() {
        if (!PLAIN.matcher(script.toString()).matches())
            throw new UserFacingException(
                    "cannot write a builders line for the socket %s".formatted(socket),
                    "its path has characters that mean something in a store URI or a shell; letters, digits and"
                            + " / . _ + @ - do not",
                    "choose another path for listen.socket");
        return "ssh-ng://localhost?remote-program=" + script;
    }

    /// Writes the script, executable for everyone, if it is not there yet as it should be. It appears whole.
    ///
    /// @param program the real shim, see [#program]
    public void install(Path program) throws IOException {
        var text = "#!/bin/sh\nexec %s %s \"$@\"\n".formatted(quoted(program), quoted(socket));
        if (Files.isExecutable(script) && Files.readString(script).equals(text)) return;
        var draft = script.resolveSibling(script.getFileName() + ".new");
        Files.writeString(draft, text);
        Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.move(draft, script, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String quoted(Path path) {
        return "'" + path.toString().replace("'", "'\\''") + "'";
    }

    /// The real shim of this installation: `bin/dispatcher-stdio` beside the `lib/` that holds our jar.
    ///
    /// @throws UserFacingException if it is not there
    public static Path program() {
        var jar = location();
        var program = Optional.ofNullable(jar.getParent())
                .map(lib -> lib.resolveSibling("bin").resolve("dispatcher-stdio"))
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
