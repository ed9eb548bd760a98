package dispatcher.machine;

import java.nio.file.Path;
import java.util.Optional;

/// Where a machine's SSH server is, who we are there, and who it must prove to be; or the socket of a Nix daemon of
/// this host.
///
/// @param host          name or address, as given
/// @param user          the login there
/// @param keyFile       our private key; without it the user's default keys are tried
/// @param publicHostKey `<type> <base 64>` as in a known_hosts line, or several such lines: any of the keys is a
///                      proof; without it the known_hosts files decide
/// @param reach         how to get there, beside the address
/// @param socket        of a Nix daemon of this host, which takes the place of all that; empty with SSH
public record MachineAddress(
        String host,
        int port,
        String user,
        Optional<Path> keyFile,
        Optional<String> publicHostKey,
        Reach reach,
        Optional<Path> socket) {
    public static final int SSH_PORT = 22;

    /// Of a machine that is reached over SSH, by this alone.
    public MachineAddress(String host, int port, String user, Optional<Path> keyFile, Optional<String> publicHostKey) {
        this(host, port, user, keyFile, publicHostKey, Reach.DIRECT);
    }

    /// Of a machine that is reached over SSH.
    public MachineAddress(
            String host, int port, String user, Optional<Path> keyFile, Optional<String> publicHostKey, Reach reach) {
        this(host, port, user, keyFile, publicHostKey, reach, Optional.empty());
    }

    /// Of this host as a machine.
    ///
    /// @param user who we are here
    public static MachineAddress ofDaemon(Path socket, String user) {
        return new MachineAddress(
                "localhost", SSH_PORT, user, Optional.empty(), Optional.empty(), Reach.DIRECT, Optional.of(socket));
    }

    public MachineAddress {
        if (host.isBlank()) throw new IllegalArgumentException("a machine has a host name");
        if (port < 1 || port > 65_535)
            throw new IllegalArgumentException("port %d is not in 1 … 65535".formatted(port));
    }

    public MachineAddress withReach(Reach newReach) {
        return new MachineAddress(host, port, user, keyFile, publicHostKey, newReach, socket);
    }

    public MachineAddress withKeyFile(Optional<Path> newKeyFile) {
        return new MachineAddress(host, port, user, newKeyFile, publicHostKey, reach, socket);
    }

    /// The same machine at another place.
    public MachineAddress at(String newHost, int newPort) {
        return new MachineAddress(newHost, newPort, user, keyFile, publicHostKey, reach, socket);
    }

    /// `user@host`, with the port where it is not 22; or the path of the socket.
    @Override
    public String toString() {
        if (socket.isPresent()) return socket.get().toString();
        return user + "@" + (host.contains(":") ? "[" + host + "]" : host) + (port == SSH_PORT ? "" : ":" + port);
    }
}
