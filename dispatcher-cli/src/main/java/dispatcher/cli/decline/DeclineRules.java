package dispatcher.cli.decline;

import java.time.Duration;
import java.util.Optional;

/// When builds of this host's Nix are declined, as the settings say it: if one of these holds.
///
/// @param onBattery whether that is so while this host runs on its battery
/// @param offline   whether that is so while no network leads out of this host
/// @param waitOver  that long builds that wait are expected to wait yet
/// @param command   for `/bin/sh -c`; it is so while its exit status is 0
public record DeclineRules(boolean onBattery, boolean offline, Optional<Duration> waitOver, Optional<String> command) {
    public static final DeclineRules NEVER = new DeclineRules(false, false, Optional.empty(), Optional.empty());
}
