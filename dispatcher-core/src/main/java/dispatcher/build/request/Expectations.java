package dispatcher.build.request;

import dispatcher.nix.attributes.PackageName;
import dispatcher.schedule.policy.Work;
import java.util.OptionalLong;

/// What builds are expected to take, from whatever is known of earlier ones. Safe for any thread; answers at once.
public interface Expectations {
    /// Where nothing is known.
    Expectations NONE = new Expectations() {
        @Override
        public Work work(PackageName name, String system) {
            return Work.UNKNOWN;
        }

        @Override
        public OptionalLong peakMemory(PackageName name, String system) {
            return OptionalLong.empty();
        }
    };

    Work work(PackageName name, String system);

    /// Bytes of memory that it may take; empty if no machine could tell.
    OptionalLong peakMemory(PackageName name, String system);
}
