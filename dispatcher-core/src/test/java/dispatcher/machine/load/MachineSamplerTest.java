package dispatcher.machine.load;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Pressure;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Gate;
import dispatcher.testkit.ManualClock;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MachineSamplerTest {
    private static final StorePath DRV = FakeStore.path("tool-1.drv");
    private static final StorePath OUT = FakeStore.path("tool-1");

    private final ManualClock clock = new ManualClock();
    private final Shell shell = new Shell();
    private final BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
    private final MachineSampler sampler = new MachineSampler(
            "a",
            shell,
            StoreDir.NIX_STORE,
            new PressureListener() {
                @Override
                public void sampled(String machine, Pressure pressure) {
                    heard.add(pressure);
                }

                @Override
                public void unknown(String machine) {
                    heard.add("unknown");
                }
            },
            clock);

    @AfterEach
    void close() {
        sampler.close();
    }

    /// A machine whose `sh` says what the test wants; no connection is ever made to it for a sample.
    private static final class Shell implements Transport {
        private volatile boolean connected = true;
        private volatile String memory = "MemAvailable: 6000000 kB";
        private volatile int kills = 3;
        private volatile String disk = "/dev/vda 2000000 500000 1400000 27% /nix/store";
        private volatile String inodes = "/dev/vda 200000 50000 150000 25% /nix/store";
        private volatile String processes = "";
        private volatile @Nullable String answer;
        private final List<String> scripts = new CopyOnWriteArrayList<>();

        @Override
        public CommandChannel open(String command) {
            throw new AssertionError("a connection was made");
        }

        @Override
        public Optional<CommandChannel> openIfConnected(String command) {
            assertThat(command).isEqualTo("sh");
            return connected ? Optional.of(new Channel(this)) : Optional.empty();
        }

        private String answer() {
            var other = answer;
            if (other != null) return other;
            return """
                    dispatcher-sample 1
                    @linux
                    /proc/loadavg:3.50 2.10 1.00 3/214 19242
                    /proc/meminfo:MemTotal: 8000000 kB
                    /proc/meminfo:%s
                    /proc/vmstat:oom_kill %d
                    /sys/devices/system/cpu/online:0-3
                    @store
                    %s
                    @inodes
                    %s
                    @build
                    @processes
                    %s
                    @end
                    """.formatted(memory, kills, disk, inodes, processes);
        }

        @Override
        public void close() {}
    }

    private record Channel(InputStream in, ByteArrayOutputStream written, Shell shell) implements CommandChannel {
        Channel(Shell shell) {
            this(
                    new ByteArrayInputStream(shell.answer().getBytes(StandardCharsets.UTF_8)),
                    new ByteArrayOutputStream(),
                    shell);
        }

        @Override
        public OutputStream out() {
            return written;
        }

        @Override
        public InputStream err() {
            return InputStream.nullInputStream();
        }

        @Override
        public void awaitErrors() {}

        @Override
        public OptionalInt exitStatus(Duration limit) {
            return OptionalInt.of(0);
        }

        @Override
        public void close() {
            shell.scripts.add(written.toString(StandardCharsets.UTF_8));
        }
    }

    private static BasicDerivation derivation(DerivationOutput output) {
        return new BasicDerivation(
                new TreeMap<>(Map.of("out", output)),
                Set.of(),
                "x86_64-linux",
                ByteString.of("/bin/sh"),
                List.of(),
                new TreeMap<>());
    }

    private BuildWatch watch() {
        return sampler.watch(DRV, derivation(new DerivationOutput.InputAddressed(OUT)), _ -> {});
    }

    private static String process(int number, String variable, long kib) {
        return "/proc/%1$d/status:VmHWM: %3$d kB\n/proc/%1$d/status:VmRSS: %3$d kB\n/proc/%1$d/environ:%2$s\n"
                .formatted(number, variable, kib);
    }

    @Test
    void buildThatSpeaksOfAFullDiskHadRoomIfAllSamplesSaySo() throws Exception {
        try (var watch = watch()) {
            heard.take();
            assertThat(watch.disk()).isInstanceOf(BuildWatch.Disk.Enough.class);
        }
    }

    @Test
    void diskThatWasFullInMidBuildCountsThoughNixHasMadeRoomSince() throws Exception {
        shell.disk = "/dev/vda 2000000 1900000 100000 95% /nix/store";
        try (var watch = watch()) {
            heard.take();
            shell.disk = "/dev/vda 2000000 0 2000000 0% /nix/store";
            assertThat(watch.disk())
                    .isInstanceOfSatisfying(
                            BuildWatch.Disk.Lacked.class,
                            lacked -> assertThat(lacked.evidence()).isEqualTo("its store's disk has 97 MiB free"));
        }
    }

    @Test
    void lackOfInodesIsCalledThat() throws Exception {
        shell.inodes = "/dev/vda 200000 199997 3 100% /nix/store";
        try (var watch = watch()) {
            assertThat(watch.disk())
                    .isEqualTo(new BuildWatch.Disk.LackedInodes("its store's disk has 3 inodes free of 200000"));
        }
        assertThat(sampler.pressure().orElseThrow().objection(Pressure.Limits.DEFAULT))
                .hasValue("its store's disk has 3 inodes free of 200000");
    }

    @Test
    void diskOfWhichNothingOrTooLittleIsKnownMayHaveBeenFull() throws Exception {
        shell.disk = "/dev/vda 200000000 100000000 2000000 99% /nix/store";
        try (var watch = watch()) {
            assertThat(watch.disk()).isInstanceOf(BuildWatch.Disk.Unknown.class);
        }
        shell.connected = false;
        try (var watch = watch()) {
            assertThat(watch.disk()).isInstanceOf(BuildWatch.Disk.Unknown.class);
        }
    }

    @Test
    void tellsHowTheMachineIsDoingSoonAfterABuildBegins() throws Exception {
        try (var _ = watch()) {
            assertThat(heard.take()).isInstanceOfSatisfying(Pressure.class, pressure -> {
                assertThat(pressure.loadPerCore()).isEqualTo(0.875);
                assertThat(pressure.sampledAt()).isEqualTo(clock.instant());
            });
            assertThat(sampler.pressure()).isPresent();
        }
    }

    @Test
    @Tag("slow")
    void goesOnAfterSomethingThatNobodyForesaw() throws Exception {
        var failed = new Gate();
        failed.open();
        try (var other = new MachineSampler(
                "a",
                shell,
                StoreDir.NIX_STORE,
                new PressureListener() {
                    @Override
                    public void sampled(String machine, Pressure pressure) {
                        if (failed.arrived() > 0) {
                            heard.add(pressure);
                            return;
                        }
                        try {
                            failed.pass();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                        throw new IllegalStateException("nobody foresaw this");
                    }

                    @Override
                    public void unknown(String machine) {}
                },
                clock)) {
            var build = other.watch(DRV, derivation(new DerivationOutput.InputAddressed(OUT)), _ -> {});
            failed.awaitArrivals(1);
            while (heard.isEmpty()) build.memory();

            assertThat(heard.peek()).isInstanceOf(Pressure.class);
        }
    }

    @Test
    void asksNothingBeforeTheFirstBuild() throws Exception {
        assertThat(sampler.pressure()).isEmpty();
        assertThat(shell.scripts).isEmpty();
        try (var _ = watch()) {
            assertThat(sampler.sampleNow()).isPresent();
        }
        assertThat(shell.scripts.getFirst()).contains("df -Pk '/nix/store'", "@processes");
    }

    /// What one question starts on the machine is more than small builds do.
    @Test
    void buildsThatFollowEachOtherShareASample() throws Exception {
        for (int i = 0; i < 50; i++) {
            try (var _ = watch()) {
                Thread.sleep(1);
            }
        }
        heard.take();
        try (var _ = watch()) {
            assertThat(heard.poll(1500, TimeUnit.MILLISECONDS)).isNull();
            assertThat(shell.scripts).hasSize(1);
        }
    }

    @Test
    void learnsTheMostMemoryThatTheProcessesOfABuildHadTogether() throws Exception {
        var peaks = new LinkedBlockingQueue<Long>();
        shell.processes = process(7, "out=/nix/store/" + OUT.baseName(), 1000)
                + process(8, "out=/nix/store/" + OUT.baseName(), 500)
                + process(9, "name=other", 9000);
        try (var watch = sampler.watch(DRV, derivation(new DerivationOutput.InputAddressed(OUT)), peaks::add)) {
            assertThat(peaks.take()).isEqualTo(1500 << 10);
            shell.processes = process(7, "out=/nix/store/" + OUT.baseName(), 100);
            assertThat(sampler.sampleNow()).isPresent();
            shell.processes = process(7, "out=/nix/store/" + OUT.baseName(), 2000);
            assertThat(sampler.sampleNow()).isPresent();
            assertThat(watch.peakMemory()).isEqualTo(2000 << 10);
        }
        assertThat(peaks).containsExactly(2000L << 10);
    }

    /// What comes out of a content-addressed derivation is not known while it runs.
    @Test
    void knowsABuildByItsNameWhereItsOutputIsNotKnown() throws Exception {
        shell.processes = process(7, "name=tool-1", 1000);
        try (var watch = sampler.watch(DRV, derivation(new DerivationOutput.Deferred()), _ -> {});
                var known = watch()) {
            assertThat(sampler.sampleNow()).isPresent();
            assertThat(watch.peakMemory()).isEqualTo(1000 << 10);
            assertThat(known.peakMemory()).isZero();
        }
    }

    private BuildWatch.Memory memoryAfter(Runnable meanwhile) throws InterruptedException {
        try (var watch = watch()) {
            assertThat(sampler.sampleNow()).isPresent();
            meanwhile.run();
            return watch.memory();
        }
    }

    @Test
    void aBuildWasKilledForLackOfMemoryIfTheKernelKilledSomethingMeanwhile() throws Exception {
        assertThat(memoryAfter(() -> shell.kills = 4))
                .isEqualTo(new BuildWatch.Memory.Lacked("the kernel killed 1 process for lack of memory while it ran"));
    }

    @Test
    void aBuildThatWasKilledWithoutThatHadEnough() throws Exception {
        assertThat(memoryAfter(() -> {})).isEqualTo(new BuildWatch.Memory.Enough());
    }

    @Test
    void aMachineWithoutMemoryIsEvidenceToo() throws Exception {
        assertThat(memoryAfter(() -> shell.memory = "MemAvailable: 900 kB"))
                .isEqualTo(new BuildWatch.Memory.Lacked("the machine had no memory left while it ran"));
    }

    @Test
    void aBuildOfWhichNothingCanBeToldIsNotJudged() throws Exception {
        assertThat(memoryAfter(() -> shell.connected = false)).isEqualTo(new BuildWatch.Memory.Unknown());
    }

    @Test
    void aMachineThatRunsNoCommandsIsNotAskedByEveryBuild() throws Exception {
        shell.answer = "This account is for Nix only.\n";
        try (var _ = watch()) {
            assertThat(sampler.sampleNow()).isEmpty();
        }
        try (var watch = watch()) {
            assertThat(watch.memory()).isEqualTo(new BuildWatch.Memory.Unknown());
        }
        assertThat(shell.scripts).hasSizeLessThanOrEqualTo(1);
        assertThat(heard).isEmpty();
    }

    @Test
    void anOldSampleIsHeldAgainstNobody() throws Exception {
        try (var _ = watch()) {
            assertThat(sampler.sampleNow()).isPresent();
            heard.clear();
            shell.connected = false;
            clock.advance(Duration.ofSeconds(80));
            assertThat(sampler.sampleNow()).isEmpty();
            assertThat(sampler.pressure()).isPresent();
            clock.advance(Duration.ofSeconds(20));
            assertThat(sampler.pressure()).isEmpty();
            assertThat(sampler.sampleNow()).isEmpty();
            assertThat(heard.take()).isEqualTo("unknown");
            assertThat(heard).isEmpty();
        }
    }
}
