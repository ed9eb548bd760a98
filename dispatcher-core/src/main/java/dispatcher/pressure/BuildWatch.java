package dispatcher.pressure;

import dispatcher.fleet.Pressure;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.pressure.Sample.BuildProcess;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// One build while it runs on a machine: what memory it takes, and whether it ended for lack of it. Safe
/// for any thread; to be closed when the build is over.
public final class BuildWatch implements AutoCloseable {
    /// What builders, compilers and Nix say when a process of theirs was killed or got no memory.
    private static final Pattern SIGNS = Pattern.compile("signal 9\\b|\\b[Kk]illed\\b|exit code 137\\b"
            + "|[Cc]annot allocate memory|[Oo]ut of memory|memory exhausted|bad_alloc|\\bENOMEM\\b"
            + "|memory allocation of \\d+ bytes failed");

    private final MachineSampler sampler;
    private final Set<String> outputs;
    private final String name;
    private final LongConsumer onPeak;

    private volatile OptionalLong killsBefore = OptionalLong.empty();
    private volatile boolean exhausted;
    private volatile long peak;

    BuildWatch(
            MachineSampler sampler,
            StoreDir storeDir,
            StorePath drvPath,
            BasicDerivation derivation,
            LongConsumer onPeak) {
        this.sampler = sampler;
        this.outputs = derivation.outputs().values().stream()
                .flatMap(output -> output.path().stream())
                .map(storeDir::print)
                .collect(Collectors.toSet());
        this.name = derivation.outputs().values().stream().anyMatch(DerivationOutput.Fixed.class::isInstance)
                        || outputs.isEmpty()
                ? drvPath.derivationName()
                : "";
        this.onPeak = onPeak;
    }

    /// How the machine was before the build.
    void begin(Pressure before) {
        killsBefore = before.oomKills();
    }

    /// Whether a process belongs to this build. Where it is not known beforehand what `out` will be, the
    /// name decides.
    private boolean has(BuildProcess builder) {
        return outputs.contains(builder.out())
                || (!name.isEmpty() && builder.name().equals(name));
    }

    /// One sample; called by one thread at a time, with no lock held.
    void see(Pressure pressure, List<BuildProcess> builders) {
        if (killsBefore.isEmpty()) killsBefore = pressure.oomKills();
        exhausted |= pressure.isMemoryExhausted();
        long together = 0;
        long most = 0;
        for (var builder : builders) {
            if (!has(builder)) continue;
            together += builder.resident();
            most = Math.max(most, builder.most());
        }
        // A process that had much between two samples still shows it.
        long now = Math.max(together, most);
        if (now <= peak) return;
        peak = now;
        onPeak.accept(now);
    }

    /// What speaks for it that a build failed because the machine had no memory left, in words; empty if
    /// nothing does. What the build says is not enough: the machine must have killed something, or have
    /// had no memory, while it ran.
    ///
    /// Asks the machine once more if the build says so; waits some seconds for it at most.
    public Optional<String> lackedMemory(BuildResult result) throws InterruptedException {
        if (result.isSuccess() || !SIGNS.matcher(result.message()).find()) return Optional.empty();
        var last = sampler.sampleNow();
        if (last.isEmpty()) return Optional.empty();
        long kills = last.get().oomKills().orElse(0) - killsBefore.orElse(Long.MAX_VALUE);
        if (kills > 0)
            return Optional.of("the kernel killed %d process%s for lack of memory while it ran"
                    .formatted(kills, kills == 1 ? "" : "es"));
        return exhausted ? Optional.of("the machine had no memory left while it ran") : Optional.empty();
    }

    /// Bytes; 0 if the machine could not tell.
    public long peakMemory() {
        return peak;
    }

    @Override
    public void close() {
        sampler.forget(this);
    }
}
