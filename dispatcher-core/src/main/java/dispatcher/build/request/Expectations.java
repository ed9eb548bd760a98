package dispatcher.build.request;

import dispatcher.nix.attributes.PackageName;
import dispatcher.schedule.policy.Work;
import java.util.Optional;
import java.util.OptionalLong;

/// What builds are expected to take, judged by earlier ones. Safe for any thread; answers at once.
public interface Expectations {
    /// Knows nothing.
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

    /// The same for a client, of which something may be known, too.
    ///
    /// @param client as [dispatcher.access.ClientIdentity#origin]
    default Work work(PackageName name, String system, Optional<String> client) {
        return work(name, system);
    }

    /// Bytes of memory that it may take; empty if no machine has reported any.
    OptionalLong peakMemory(PackageName name, String system);
}
