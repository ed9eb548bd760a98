package dispatcher.it;

/// Who talks how to whom in a class of tests.
///
/// @param way             how the client reaches the dispatcher
/// @param clientNix       the client's Nix
/// @param daemon          whether the client works through a nix-daemon of its own
/// @param machineProtocol how the dispatcher talks to the machines: `ssh-ng` or `ssh`
/// @param machineNix      the machines' Nix
record Combination(
        ClientWay way, NixRelease clientNix, boolean daemon, String machineProtocol, NixRelease machineNix) {}
