package dispatcher.protocol;

import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.Optional;
import java.util.TreeMap;

/// The parts of a build's result that both protocols have, each from a version of its own on.
public final class BuildResultCodec {
    /// The longest part of the message that is kept. Nix adds the last lines of the log to it, of any length.
    public static final int MOST_MESSAGE = 64 << 10;

    private BuildResultCodec() {}

    /// Which parts a version of a protocol has, after the status and the message that all have.
    ///
    /// @param times times built, determinism, start and stop
    /// @param cpu   optional CPU times
    public record Parts(StoreDir storeDir, boolean times, boolean cpu, Outputs outputs) {}

    /// How outputs are written.
    public enum Outputs {
        NONE,
        /// A map of realisation id to JSON.
        BY_HASH,
        /// A map of output name to path and signatures.
        BY_NAME
    }

    /// @param drvPath what was built
    public static BuildResult read(WireReader in, StorePath drvPath, Parts parts) throws IOException {
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
        if (parts.outputs() != Outputs.NONE) {
            int count = in.readCount("built outputs");
            for (int i = 0; i < count; i++) {
                var key = in.readName("built output");
                var realisation = parts.outputs() == Outputs.BY_HASH
                        ? RealisationCodec.readJson(in)
                        : RealisationCodec.readValue(parts.storeDir(), in, new RealisationId.OfPath(drvPath, key));
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
        switch (parts.outputs()) {
            case NONE -> {}
            case BY_HASH -> writeByHash(out, result);
            case BY_NAME -> writeByName(out, result, parts.storeDir());
        }
    }

    private static void writeByHash(WireWriter out, BuildResult result) throws IOException {
        var byId = new TreeMap<String, Realisation>();
        result.outputs().forEach((name, realisation) -> {
            boolean known = realisation.id() instanceof RealisationId.OfHash;
            var written = known ? realisation : Realisation.ofOutput(name, realisation.outPath());
            byId.put(written.id().toString(), written);
        });
        out.writeLong(byId.size());
        for (var realisation : byId.entrySet()) {
            out.writeText(realisation.getKey());
            RealisationCodec.writeJson(out, realisation.getValue());
        }
    }

    private static void writeByName(WireWriter out, BuildResult result, StoreDir storeDir) throws IOException {
        out.writeLong(result.outputs().size());
        for (var output : result.outputs().entrySet()) {
            var realisation = output.getValue();
            boolean isSignedSo = realisation.id() instanceof RealisationId.OfPath;
            out.writeText(output.getKey());
            RealisationCodec.writeValue(
                    storeDir, out, isSignedSo ? realisation : realisation.withSignatures(Collections.emptySortedSet()));
        }
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
