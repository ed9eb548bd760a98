package dispatcher.ssh.server;

import dispatcher.access.ClientLimits;
import dispatcher.access.ClientRules;
import java.nio.file.Path;
import java.time.Duration;

/// Where the SSH front end listens, and how patient it is.
///
/// @param host           name or address to listen at
/// @param port           0 for any free one
/// @param hostKey        the file of the front end's key, made when it does not exist
/// @param authorizedKeys the clients' public keys, in OpenSSH's format, a comment being the client's name
/// @param rules          what each client may do
/// @param limits         how much clients may take; a refused client gets the reason
/// @param maxKeys        how many keys a client may offer
/// @param keepAlive      how often a client is asked for a sign of life; after three questions without an answer
///                       it is given up
/// @param writeStall     how long a client may leave what we send unread before it is given up; long, as a user
///                       may have stopped the client's output
/// @param windowBytes    what a channel may hold of what a client sends before it is read
public record SshFrontEndOptions(
        String host,
        int port,
        Path hostKey,
        Path authorizedKeys,
        ClientRules rules,
        ClientLimits limits,
        int maxKeys,
        Duration keepAlive,
        Duration writeStall,
        int windowBytes) {
    public SshFrontEndOptions {
        if (host.isBlank()) throw new IllegalArgumentException("the SSH front end needs an address to listen at");
        if (port < 0 || port > 65_535)
            throw new IllegalArgumentException("port %d is not in 0 … 65535".formatted(port));
        if (maxKeys < 1) throw new IllegalArgumentException("maxKeys " + maxKeys + " is below 1");
        if (windowBytes < 1) throw new IllegalArgumentException("windowBytes " + windowBytes + " is below 1");
        requirePositive("keepAlive", keepAlive);
        requirePositive("writeStall", writeStall);
    }

    private static void requirePositive(String name, Duration value) {
        if (!value.isPositive()) throw new IllegalArgumentException(name + " " + value + " is not positive");
    }

    /// With the usual patience.
    public static SshFrontEndOptions of(
            String host, int port, Path hostKey, Path authorizedKeys, ClientRules rules, ClientLimits limits) {
        return new SshFrontEndOptions(
                host,
                port,
                hostKey,
                authorizedKeys,
                rules,
                limits,
                6,
                Duration.ofSeconds(15),
                Duration.ofMinutes(15),
                2 << 20);
    }
}
