package dispatcher.ssh.server;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/// The clients that may come in by SSH, for callers that only list them.
public final class AuthorizedClients {
    private AuthorizedClients() {}

    /// @param line        of the file, from 1
    /// @param fingerprint `SHA256:…`
    /// @param name        the comment of the key, or its fingerprint without one
    public record Client(int line, String fingerprint, String name) {}

    /// The clients in a file of authorised keys, as it is now, without its faults. Nothing if
    /// it is no file that can be read and used.
    public static Optional<List<Client>> in(Path file) {
        // Anything else might have no end.
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) return Optional.empty();
        return AuthorizedKeys.readOnce(file, InstantSource.system())
                .map(entries -> entries.stream()
                        .map(entry -> new Client(
                                entry.number(),
                                entry.key().key().fingerprint(),
                                entry.key().name()))
                        .toList());
    }
}
