package dispatcher.protocol;

import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationJson;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.TreeMap;

/// The parts of a build's result that both protocols have, each from a version of its own on.
public final class BuildResultCodec {
    /// Of one output's realisation, which is one path and those that it depends on. As JSON it takes thirty times as
    /// much when it has been read.
    private static final long MOST_REALISATION = 1 << 20;

    /// What is kept of the message, to which Nix adds the last lines of the log, however long they are.
    public static final int MOST_MESSAGE = 64 << 10;

    private BuildResultCodec() {}

    /// Which parts a version of a protocol has, after the status and the message that all have.
    ///
    /// @param times   times built, determinism, start and stop
    /// @param cpu     optional CPU times
    /// @param outputs a map of realisation id to JSON
    public record Parts(boolean times, boolean cpu, boolean outputs) {}

    public static BuildResult read(WireReader in, Parts parts) throws IOException {
        var status = readStatus(in);
        var message = in.readClippedText("build error message", MOST_MESSAGE);
        int timesBuilt = 0;
        boolean nonDeterministic = false;
        var start = Instant.EPOCH;
        var stop = Instant.EPOCH;
        if (parts.times()) {
            timesBuilt = in.readInt("times built");
            nonDeterministic = in.readBool();
            start = readTime(in, "start time");
            stop = readTime(in, "stop time");
        }
        Optional<Duration> cpuUser = Optional.empty();
        Optional<Duration> cpuSystem = Optional.empty();
        if (parts.cpu()) {
            cpuUser = readMicroseconds(in);
            cpuSystem = readMicroseconds(in);
        }
        var outputs = new TreeMap<String, Realisation>();
        if (parts.outputs()) {
            int count = in.readCount("built outputs");
            for (int i = 0; i < count; i++) {
                in.readName("built output");
                var realisation = WireReader.parse(
                        "built output", in.readText("built output", MOST_REALISATION), RealisationJson::parse);
                outputs.put(realisation.outputName(), realisation);
            }
        }
        return new BuildResult(status, message, timesBuilt, nonDeterministic, start, stop, cpuUser, cpuSystem, outputs);
    }

    public static void write(WireWriter out, BuildResult result, Parts parts) throws IOException {
        out.writeLong(result.status().number()).writeText(result.message());
        if (parts.times())
            out.writeLong(result.timesBuilt())
                    .writeBool(result.nonDeterministic())
                    .writeLong(result.start().getEpochSecond())
                    .writeLong(result.stop().getEpochSecond());
        if (parts.cpu()) {
            writeMicroseconds(out, result.cpuUser());
            writeMicroseconds(out, result.cpuSystem());
        }
        if (!parts.outputs()) return;
        var byId = new TreeMap<String, Realisation>();
        for (var realisation : result.outputs().values()) byId.put(realisation.id(), realisation);
        out.writeLong(byId.size());
        for (var realisation : byId.values())
            out.writeText(realisation.id()).writeText(RealisationJson.print(realisation));
    }

    private static BuildStatus readStatus(WireReader in) throws IOException {
        long number = in.readLong();
        return BuildStatus.of(number)
                .orElseThrow(() ->
                        new ProtocolException("build status %s is not known".formatted(Long.toUnsignedString(number))));
    }

    /// Seconds since the epoch; what does not fit an [Instant] is refused.
    public static Instant readTime(WireReader in, String what) throws IOException {
        long seconds = in.readSize(what);
        if (seconds > Instant.MAX.getEpochSecond())
            throw new ProtocolException("%s of %d s lies beyond all time".formatted(what, seconds));
        return Instant.ofEpochSecond(seconds);
    }

    private static Optional<Duration> readMicroseconds(WireReader in) throws IOException {
        long tag = in.readLong();
        if (tag == 0) return Optional.empty();
        if (tag != 1)
            throw new ProtocolException(
                    "tag %s of an optional value is neither 0 nor 1".formatted(Long.toUnsignedString(tag)));
        return Optional.of(Duration.of(in.readSize("CPU time"), ChronoUnit.MICROS));
    }

    private static void writeMicroseconds(WireWriter out, Optional<Duration> time) throws IOException {
        out.writeBool(time.isPresent());
        if (time.isPresent()) out.writeLong(time.get().toNanos() / 1000);
    }
}
