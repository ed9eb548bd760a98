package dispatcher.cli.api.record;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What is known of one build. Times that are not instants are in seconds, sizes in bytes.
///
/// @param outcome     `waiting`, `running`, `built`, `failed`, `refused`, `shared`, `found`, `abandoned` or
///                    `interrupted`
/// @param ended       absent while it goes on
/// @param machine     that it is on, or was on last
/// @param message     why it did not succeed
/// @param waited      what it waited for
/// @param copied      to the machine of the last attempt; absent if there was nothing to send, or not yet
/// @param built       on the machine; absent if it did not come to an end there
/// @param outputBytes absent if not known, as is `peakMemory`
/// @param attempts    on machines, in their order
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
        Optional<Copied> copied,
        Optional<BigDecimal> built,
        Optional<Long> outputBytes,
        Optional<Long> peakMemory,
        List<Attempt> attempts) {
    /// The parameter of the paths.
    public static final String ID = "id";

    public static final String PATH = BuildsAnswer.PATH + "/{id}";
    public static final String LOG_PATH = PATH + "/log";

    public BuildAnswer {
        features = List.copyOf(features);
        attempts = List.copyOf(attempts);
    }

    /// One of these paths for a build.
    public static String pathOf(String path, long id) {
        return path.replace("{id}", Long.toString(id));
    }

    /// @param equalBuild until no equal build was under way
    /// @param machine    for a free slot, over all attempts
    public record Waited(BigDecimal equalBuild, BigDecimal machine) {}

    public record Copied(long paths, long bytes, BigDecimal took) {}

    /// @param reason why this machine
    /// @param lost   why it did not go to its end there, if so
    public record Attempt(String machine, String reason, Instant began, Optional<String> lost) {}

    /// The log of a build, or what has come since the last question.
    ///
    /// @param from  where `text` begins, in bytes from the beginning of the log
    /// @param next  where it ends
    /// @param ended whether nothing more will come
    public record Log(long id, long from, long next, boolean ended, String text) {}
}
