package dispatcher.protocol;

/// What a client speaks with us.
public enum ClientProtocol {
    /// The worker protocol, which `ssh-ng://` stores speak.
    WORKER,
    /// The older serve protocol, which `ssh://` stores speak.
    SERVE
}
