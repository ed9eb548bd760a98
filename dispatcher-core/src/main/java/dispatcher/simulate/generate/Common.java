package dispatcher.simulate.generate;

import dispatcher.simulate.model.Job;
import java.util.List;

/// What many generated builds have in common.
final class Common {
    private static final long CLOSURE_MEGABYTES = 200;

    private Common() {}

    /// What all of them build with.
    static String closure(Draft draft) {
        return draft.path("closure", CLOSURE_MEGABYTES);
    }

    /// The build with a closure, sources and an output.
    static Job withFiles(Draft draft, Job job, String closure) {
        var source = draft.path("source-" + job.id(), 1 + draft.random.nextInt(20));
        return job.reading(List.of(closure, source)).leaving(1_000_000L * (1 + draft.random.nextInt(20)));
    }
}
