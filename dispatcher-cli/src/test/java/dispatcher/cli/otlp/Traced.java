package dispatcher.cli.otlp;

import dispatcher.nix.StorePath;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Attempt;
import dispatcher.record.BuildRecord.Copied;
import dispatcher.record.BuildRecord.Fetched;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.BuildRecord.Waits;
import dispatcher.testkit.FakeStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Builds on record, whose times are seconds after [#T].
final class Traced {
    static final Instant T = Instant.parse("2026-11-30T10:00:00.123456789Z");
    static final StorePath DRV = FakeStore.path("tool-1.0.drv");

    private Traced() {}

    static Instant at(long second) {
        return T.plusSeconds(second);
    }

    static BuildRecord build(
            long ended, Outcome outcome, String message, Waits waits, Copied copied, Attempt... attempts) {
        return new BuildRecord(
                42,
                "ci",
                DRV,
                "x86_64-linux",
                new TreeSet<>(Set.of("kvm", "big-parallel")),
                T,
                Optional.of(at(ended)),
                outcome,
                message,
                waits,
                List.of(attempts),
                copied,
                Fetched.NOTHING,
                Duration.ofSeconds(8),
                outcome == Outcome.BUILT ? 1024 : 0,
                500);
    }

    /// On one machine, in 20 s.
    static BuildRecord built() {
        return build(
                20,
                Outcome.BUILT,
                "",
                new Waits(Duration.ofSeconds(2), Duration.ofSeconds(3), Duration.ofSeconds(4)),
                new Copied(2, 4096, Duration.ofSeconds(1)),
                Attempt.begun("a", "it is idle", at(9)));
    }
}
