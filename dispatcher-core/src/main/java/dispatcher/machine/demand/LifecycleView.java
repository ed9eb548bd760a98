package dispatcher.machine.demand;

import dispatcher.machine.Boot;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/// How it stands with a machine on demand at one moment.
///
/// @param since    when it came into this state
/// @param uses     channels that are open to it, and those who wait for it
/// @param problem  what went wrong last, if nothing has gone well since
/// @param stopping whether it stops as soon as nobody uses it
/// @param boot     how long it takes until it is up
public record LifecycleView(
        State state, Instant since, int uses, Optional<String> problem, boolean stopping, Boot boot) {
    public enum State {
        /// It is taken not to run.
        OFF,
        /// It is being started, or does not answer yet; or it is looked whether it runs.
        STARTING,
        /// It has answered.
        READY,
        /// It is being stopped.
        STOPPING,
        /// It could not be started, or did not answer in time. The next use starts it again.
        FAILED;

        /// For example `off`.
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
