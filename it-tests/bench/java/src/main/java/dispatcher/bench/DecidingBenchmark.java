package dispatcher.bench;

import dispatcher.schedule.Decision;
import dispatcher.schedule.index.RunningBuild;
import dispatcher.schedule.policy.BuildRequest;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// What a decision costs, each time with as many builds waiting as before.
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class DecidingBenchmark {
    /// The scheduler at work.
    @State(Scope.Benchmark)
    public static class Shared {
        @Param("10000")
        int machines;

        @Param("100000")
        int builds;

        @SuppressWarnings("NullAway.Init")
        Site site;

        @Setup(Level.Trial)
        public void setUp() {
            site = new Site(machines, builds, 1);
        }
    }

    /// One build more.
    @State(Scope.Thread)
    @SuppressWarnings("NullAway.Init")
    public static class Submission {
        BuildRequest request;
        Site.Submitted submitted;

        @Setup(Level.Invocation)
        public void before(Shared shared) {
            request = shared.site.nextBuild();
        }

        @TearDown(Level.Invocation)
        public void after(Shared shared) {
            shared.site.afterSubmit(submitted);
        }
    }

    /// One build less.
    @State(Scope.Thread)
    @SuppressWarnings("NullAway.Init")
    public static class End {
        RunningBuild build;
        List<Decision> decisions;

        @Setup(Level.Invocation)
        public void before(Shared shared) {
            build = shared.site.nextEnd();
        }

        @TearDown(Level.Invocation)
        public void after(Shared shared) {
            shared.site.afterFinish(decisions);
        }
    }

    /// A build comes.
    @Benchmark
    public Object submit(Shared shared, Submission submission) {
        return submission.submitted = shared.site.submit(submission.request);
    }

    /// A build ends, and another one begins.
    @Benchmark
    public Object finish(Shared shared, End end) {
        return end.decisions = shared.site.finish(end.build);
    }
}
