package dispatcher.testkit;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.StorePath;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// Values with something in every field, so that a field that gets lost is missed.
public final class Samples {
    public static final NarTree SOURCE_TREE =
            NarTree.directory().with("a", NarTree.executable("x")).with("b", NarTree.symlink("../a"));
    public static final NarTree LIBRARY_TREE = NarTree.file("a library of some length\n".repeat(5000));

    public static final PathInfo SOURCE = FakeStore.info("source", SOURCE_TREE);

    /// Refers to itself and to [#SOURCE], and has all that an info can have.
    public static final PathInfo LIBRARY = new PathInfo(
            FakeStore.path("library"),
            Optional.of(FakeStore.path("library.drv")),
            LIBRARY_TREE.narHash(),
            new TreeSet<>(List.of(FakeStore.path("library"), SOURCE.path())),
            Instant.ofEpochSecond(1_700_000_000),
            LIBRARY_TREE.toNar().length,
            false,
            new TreeSet<>(List.of("cache-1:" + "A".repeat(86) + "==", "cache-2:" + "B".repeat(86) + "==")),
            Optional.of(new ContentAddress(Method.NAR, Hash.sha256(new byte[] {1, 2, 3}))));

    public static final StorePath DRV = FakeStore.path("tool.drv");
    public static final StorePath OUT = FakeStore.path("tool");
    public static final StorePath DEV = FakeStore.path("tool-dev");

    /// Two outputs of different kinds, arguments and variables that are no UTF-8.
    public static final BasicDerivation DERIVATION = new BasicDerivation(
            new TreeMap<>(Map.of(
                    "out",
                    new DerivationOutput.InputAddressed(OUT),
                    "dev",
                    new DerivationOutput.Floating(new MethodAlgorithm(Method.NAR, HashAlgorithm.SHA256)))),
            Set.of(SOURCE.path(), LIBRARY.path()),
            "x86_64-linux",
            ByteString.of("/bin/sh"),
            List.of(ByteString.of("-c"), ByteString.EMPTY, ByteString.wrap(new byte[] {(byte) 0xff, 10, 0})),
            new TreeMap<>(Map.of(
                    ByteString.of("name"), ByteString.of("tool"),
                    ByteString.of("big"), ByteString.of("=".repeat(100_000)),
                    ByteString.wrap(new byte[] {(byte) 0xc3}), ByteString.wrap(new byte[] {(byte) 0x80, 0}))));

    public static final BuildResult BUILT = new BuildResult(
            BuildStatus.BUILT,
            "",
            1,
            false,
            Instant.ofEpochSecond(1_700_000_001),
            Instant.ofEpochSecond(1_700_000_009),
            Optional.of(Duration.ofMillis(1234)),
            Optional.of(Duration.ofNanos(5_000)),
            new TreeMap<>(Map.of("out", Realisation.ofOutput("out", OUT), "dev", Realisation.ofOutput("dev", DEV))));

    public static final BuildResult FAILED = new BuildResult(
            BuildStatus.PERMANENT_FAILURE,
            "builder for '\u001b[35;1m/nix/store/x.drv\u001b[0m' failed with exit code 1;\n       last 1 log lines:\n  > ü",
            2,
            true,
            Instant.ofEpochSecond(5),
            Instant.ofEpochSecond(6),
            Optional.empty(),
            Optional.empty(),
            new TreeMap<>());

    private Samples() {}

    /// A store that has both paths.
    public static FakeStore store() {
        return new FakeStore().with(SOURCE, SOURCE_TREE).with(LIBRARY, LIBRARY_TREE);
    }

    /// What is left of a result in a protocol that lacks parts of it.
    public static BuildResult without(BuildResult result, boolean times, boolean cpu, boolean outputs) {
        return new BuildResult(
                result.status(),
                result.message(),
                times ? result.timesBuilt() : 0,
                times && result.nonDeterministic(),
                times ? result.start() : Instant.EPOCH,
                times ? result.stop() : Instant.EPOCH,
                cpu ? result.cpuUser() : Optional.empty(),
                cpu ? result.cpuSystem() : Optional.empty(),
                outputs ? result.outputs() : new TreeMap<>());
    }
}
