package dispatcher.machine;

import java.util.List;

/// What is spoken with a machine, and how it is reached.
public enum MachineProtocol {
    /// The worker protocol, with `nix-daemon --stdio` there.
    SSH_NG("ssh-ng", "nix-daemon", "--stdio"),
    /// The older serve protocol, with `nix-store --serve --write` there.
    SSH("ssh", "nix-store", "--serve --write"),
    /// The worker protocol, with the Nix daemon of this very host, at its socket.
    LOCAL("local", "nix-daemon", "--stdio");

    private final String scheme;
    private final String program;
    private final String arguments;

    MachineProtocol(String scheme, String program, String arguments) {
        this.scheme = scheme;
        this.program = program;
        this.arguments = arguments;
    }

    /// Whether machines are reached over SSH, and a store URI can say so.
    public boolean isOverSsh() {
        return this != LOCAL;
    }

    /// As Nix spells it in a store URI, if it is over SSH.
    public String scheme() {
        return scheme;
    }

    /// The command that speaks it on the machine, as Nix composes it: words between blanks, for the shell of the
    /// login there, without quotes.
    ///
    /// @param words of the program and what stands before it, such as `sudo -n nix-daemon`; empty for Nix's own
    String command(List<String> words) {
        return (words.isEmpty() ? program : String.join(" ", words)) + " " + arguments;
    }
}
