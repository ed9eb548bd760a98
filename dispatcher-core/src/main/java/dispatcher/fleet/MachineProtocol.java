package dispatcher.fleet;

/// What is spoken with a machine over SSH.
public enum MachineProtocol {
    /// The worker protocol, with `nix-daemon --stdio` there.
    SSH_NG("ssh-ng", "nix-daemon --stdio"),
    /// The older serve protocol, with `nix-store --serve --write` there.
    SSH("ssh", "nix-store --serve --write");

    private final String scheme;
    private final String command;

    MachineProtocol(String scheme, String command) {
        this.scheme = scheme;
        this.command = command;
    }

    /// As Nix spells it in a store URI.
    public String scheme() {
        return scheme;
    }

    /// The command that speaks it on the machine.
    public String command() {
        return command;
    }
}
