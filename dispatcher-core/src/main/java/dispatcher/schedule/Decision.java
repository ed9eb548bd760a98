package dispatcher.schedule;

import dispatcher.schedule.index.RunningBuild;
import dispatcher.schedule.index.WaitingBuild;
import dispatcher.schedule.policy.Placement;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/// What became of a build that waited.
public sealed interface Decision {
    WaitingBuild build();

    /// It has a slot from now on.
    record Assigned(RunningBuild running, Placement placement) implements Decision {
        @Override
        public WaitingBuild build() {
            return running.build();
        }
    }

    /// It had a slot of a machine that is not up yet, and has another one from now on.
    ///
    /// @param from what it had; over
    record Moved(RunningBuild from, RunningBuild running, Placement placement) implements Decision {
        @Override
        public WaitingBuild build() {
            return running.build();
        }
    }

    /// No machine could ever do it.
    ///
    /// @param reasons machine name to its objection
    record Impossible(WaitingBuild build, SortedMap<String, String> reasons) implements Decision {
        public Impossible {
            reasons = Collections.unmodifiableSortedMap(new TreeMap<>(reasons));
        }
    }
}
