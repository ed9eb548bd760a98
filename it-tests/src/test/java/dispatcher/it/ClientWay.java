package dispatcher.it;

/// The ways by which a Nix client reaches the dispatcher.
enum ClientWay {
    LOCAL_SSH_NG(false, "ssh-ng"),
    LOCAL_SSH(false, "ssh"),
    REMOTE_SSH_NG(true, "ssh-ng"),
    REMOTE_SSH(true, "ssh");

    private final boolean remote;
    private final String scheme;

    ClientWay(boolean remote, String scheme) {
        this.remote = remote;
        this.scheme = scheme;
    }

    /// Over the dispatcher's SSH server, rather than through the local socket.
    boolean remote() {
        return remote;
    }

    /// `ssh-ng` for the worker protocol, `ssh` for the serve protocol.
    String scheme() {
        return scheme;
    }

    /// Whether the client speaks the worker protocol, which can do more than the serve protocol.
    boolean worker() {
        return scheme.equals("ssh-ng");
    }
}
