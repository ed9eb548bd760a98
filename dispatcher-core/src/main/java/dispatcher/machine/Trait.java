package dispatcher.machine;

/// What a machine is asked for if the settings do not say it; see [Machine#unstated].
public enum Trait {
    /// The platforms that its Nix builds for, with its `extra-platforms`.
    SYSTEMS,
    /// Its Nix's `system-features`.
    FEATURES,
    /// As many builds at once as it has processors.
    MAX_JOBS,
    /// All that it has.
    MEMORY
}
