package dispatcher.cli.api.record;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What is known of one build. Times that are not instants are in seconds, sizes in bytes.
///
/// @param outcome     `waiting`, `running`, `built`, `failed`, `refused`, `cancelled`, `shared`, `found`, `abandoned`
///                    or `interrupted`
/// @param ended       absent while it goes on
/// @param machine     that it is on, or was on last
/// @param message     why it did not succeed
/// @param waited      what it waited for
/// @param stages      one after the other, as far as it has come; of the last attempt what is on a machine
/// @param copied      to the machine of the last attempt; absent if there was nothing to send, or not yet
/// @param fetched     by the client that asked; absent if it has fetched nothing
/// @param built       on the machine; absent if it did not come to an end there
/// @param outputBytes absent if not known, as is `peakMemory`
/// @param attempts    on machines, in their order
/// @param placements  why it went to each of them, as it was then; only in the answer about one build
public record BuildAnswer(
        long id,
        String drv,
        String name,
        String client,
        String system,
        List<String> features,
        String outcome,
        Instant asked,
        Optional<Instant> ended,
        Optional<String> machine,
        Optional<String> message,
        Waited waited,
        List<Stage> stages,
        Optional<Copied> copied,
        Optional<Fetched> fetched,
        Optional<BigDecimal> built,
        Optional<Long> outputBytes,
        Optional<Long> peakMemory,
        List<Attempt> attempts,
        Optional<List<PlacementAnswer>> placements) {
    /// The parameter of the paths.
    public static final String ID = "id";

    public static final String PATH = BuildsAnswer.PATH + "/{id}";
    public static final String LOG_PATH = PATH + "/log";

    public BuildAnswer {
        features = List.copyOf(features);
        stages = List.copyOf(stages);
        attempts = List.copyOf(attempts);
    }

    /// The same with why it went where it is.
    public BuildAnswer with(List<PlacementAnswer> why) {
        return new BuildAnswer(
                id,
                drv,
                name,
                client,
                system,
                features,
                outcome,
                asked,
                ended,
                machine,
                message,
                waited,
                stages,
                copied,
                fetched,
                built,
                outputBytes,
                peakMemory,
                attempts,
                Optional.of(List.copyOf(why)));
    }

    /// One of these paths for a build.
    public static String pathOf(String path, long id) {
        return path.replace("{id}", Long.toString(id));
    }

    /// @param equalBuild  until no equal build was under way
    /// @param machine     over all attempts: the sum of the next two
    /// @param slot        for a free slot, while a machine was there that could have taken it
    /// @param awayMachine while all that could have taken it were away, or its own was being started
    /// @param copyingIn   until its inputs were on the machine of the last attempt
    /// @param copyingOut  until the client had its outputs
    public record Waited(
            BigDecimal equalBuild,
            BigDecimal machine,
            BigDecimal slot,
            BigDecimal awayMachine,
            BigDecimal copyingIn,
            BigDecimal copyingOut) {}

    /// @param name `equal-build`, `queue`, `copy-in`, `build` or `copy-out`
    /// @param to   absent while it goes on
    public record Stage(String name, Instant from, Optional<Instant> to) {}

    /// @param last when the last output was there
    public record Fetched(long paths, long bytes, BigDecimal took, Instant last) {}

    public record Copied(long paths, long bytes, BigDecimal took) {}

    /// @param reason why this machine
    /// @param lost   why it did not go to its end there, if the machine or the way to it broke
    /// @param moved  who had it leave the machine and why, if so, such as `by root: it hangs`
    public record Attempt(
            String machine, String reason, Instant began, Optional<String> lost, Optional<String> moved) {}

    /// The log of a build, or what has come since the last question.
    ///
    /// @param from  where `text` begins, in bytes from the beginning of the log
    /// @param next  where it ends
    /// @param more  whether there is more of it by now, which the next question gets
    /// @param ended whether nothing more will come
    public record Log(long id, long from, long next, boolean more, boolean ended, String text) {
        /// Parameter: where to begin, in bytes.
        public static final String FROM = "from";

        /// Parameter in its place: about so many bytes of the end, from the beginning of a line on.
        public static final String LAST = "last";

        /// Parameter: about how many bytes are wanted in one answer.
        public static final String BYTES = "bytes";
    }
}
