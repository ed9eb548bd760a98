package dispatcher.machine.load;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Pressure.Room;
import dispatcher.machine.load.Sample.BuildProcess;
import dispatcher.testkit.Seeds;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SampleParserTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    /// As a Debian 13 with Linux 6.12 printed it, shortened; the processes as GNU grep prints them.
    private static final String LINUX = """
            Welcome to builder!

            dispatcher-sample 1
            @linux
            /proc/loadavg:3.50 2.10 1.00 3/214 19242
            /proc/meminfo:MemTotal:        8000000 kB
            /proc/meminfo:MemAvailable:    6000000 kB
            /proc/pressure/cpu:some avg10=12.50 avg60=5.42 avg300=4.74 total=52969651
            /proc/pressure/cpu:full avg10=0.00 avg60=0.00 avg300=0.00 total=0
            /proc/pressure/memory:some avg10=9.00 avg60=0.00 avg300=0.00 total=0
            /proc/pressure/memory:full avg10=1.25 avg60=0.00 avg300=0.00 total=0
            /proc/vmstat:oom_kill 7
            /sys/devices/system/cpu/online:0-2,5
            @store
            Filesystem     1024-blocks     Used Available Capacity Mounted on
            /dev/vda        2000000 500000   1400000      27% /nix/store
            @build
            Filesystem     1024-blocks     Used Available Capacity Mounted on
            tmpfs               16384        0     16384       0% /a dir/50% off
            @processes
            /proc/1/status:VmHWM:\t    1000 kB
            /proc/1/status:VmRSS:\t     900 kB
            /proc/77/status:VmHWM:\t  300000 kB
            /proc/77/status:VmRSS:\t  200000 kB
            /proc/78/status:VmHWM:\t   10000 kB
            /proc/78/status:VmRSS:\t   10000 kB
            /proc/77/environ:out=/nix/store/abc-hello-2.1\0/proc/77/environ:name=hello-2.1\0\
            /proc/78/environ:name=hello-2.1\0/proc/79/environ:name=is gone\0
            @end
            """;

    /// As macOS 15 on an M2 prints it.
    private static final String DARWIN = """

            dispatcher-sample 1
            @darwin
            vm.loadavg: { 1,52 1,60 1,71 }
            hw.ncpu: 8
            hw.memsize: 17179869184
            Mach Virtual Memory Statistics: (page size of 16384 bytes)
            Pages free:                               10000.
            Pages active:                            400000.
            Pages inactive:                          300000.
            Pages speculative:                         5000.
            Pages throttled:                              0.
            Pages wired down:                        150000.
            Pages purgeable:                           1000.
            "Translation faults":                 123456789.
            @store
            Filesystem   1024-blocks      Used Available Capacity  Mounted on
            /dev/disk3s7   971350180 251234567 700000000    27%    /nix
            @build
            Filesystem   1024-blocks      Used Available Capacity  Mounted on
            /dev/disk3s5   971350180 251234567 700000000    27%    /System/Volumes/Data

            @end
            """;

    private static String withMinFree(String lines) {
        return LINUX.replace("@processes", "@minfree\n" + lines + "\n@processes");
    }

    @Test
    void nixThatCollectsGarbageByItselfTellsFromWhenOn() {
        assertThat(parse(LINUX).orElseThrow().pressure().minFree()).isZero();
        assertThat(parse(withMinFree("min-free = 1073741824"))
                        .orElseThrow()
                        .pressure()
                        .minFree())
                .isEqualTo(1L << 30);
        assertThat(parse(withMinFree("min-free=5G # of 20\n  min-free = 100M"))
                        .orElseThrow()
                        .pressure()
                        .minFree())
                .isEqualTo(5L << 30);
        assertThat(parse(withMinFree("min-free = lots\nmin-free = -1\nmax-free = 7"))
                        .orElseThrow()
                        .pressure()
                        .minFree())
                .isZero();
        assertThat(parse(withMinFree("min-free = 999999999999999999T"))
                        .orElseThrow()
                        .pressure()
                        .minFree())
                .isEqualTo(1L << 60);
    }

    private static Optional<Sample> parse(String answer) {
        return SampleParser.parse(answer, NOW);
    }

    @Test
    void readsWhatLinuxTells() {
        var sample = parse(LINUX).orElseThrow();
        var pressure = sample.pressure();
        assertThat(pressure.sampledAt()).isEqualTo(NOW);
        assertThat(pressure.load()).isEqualTo(3.5);
        assertThat(pressure.cores()).isEqualTo(4);
        assertThat(pressure.memory()).isEqualTo(new Room(6_000_000L << 10, 8_000_000L << 10));
        assertThat(pressure.cpuStalled()).hasValue(0.125);
        assertThat(pressure.memoryStalled()).hasValue(0.0125);
        assertThat(pressure.oomKills()).hasValue(7);
        assertThat(pressure.store()).isEqualTo(new Room(1_400_000L << 10, 2_000_000L << 10));
        assertThat(pressure.build()).isEqualTo(new Room(16384 << 10, 16384 << 10));
        assertThat(sample.builders())
                .containsExactly(
                        new BuildProcess("/nix/store/abc-hello-2.1", "hello-2.1", 200_000L << 10, 300_000L << 10),
                        new BuildProcess("", "hello-2.1", 10_000 << 10, 10_000 << 10));
    }

    @Test
    void readsInodesWhereThereIsAFixedNumberOfThem() {
        var parsed = parse(LINUX.replace("@processes\n", """
                        @inodes
                        Filesystem       Inodes  IUsed    IFree IUse% Mounted on
                        /dev/vda        1310720  50000  1260720    4% /nix/store
                        @buildinodes
                        Filesystem Inodes IUsed IFree IUse% Mounted on
                        btrfs           0     0     0     - /tmp
                        @processes
                        """)).orElseThrow().pressure();
        assertThat(parsed.storeInodes()).hasValue(new Room(1_260_720, 1_310_720));
        assertThat(parsed.buildInodes()).isEmpty();
        assertThat(parse(LINUX).orElseThrow().pressure().storeInodes()).isEmpty();
    }

    /// With a pattern that goes back and forth this takes the square of the length.
    @Test
    @Timeout(20)
    void aLineOfBlanksTakesNoTime() {
        var blanks = " ".repeat(SampleParser.LONGEST / 2);
        assertThat(parse(LINUX.replace("@store\n", "@store\nx" + blanks + "x\n")))
                .isPresent();
    }

    @Test
    void readsWhatMacOsTells() {
        var pressure = parse(DARWIN).orElseThrow().pressure();
        assertThat(pressure.load()).isEqualTo(1.52);
        assertThat(pressure.cores()).isEqualTo(8);
        assertThat(pressure.memory()).isEqualTo(new Room(316_000L << 14, 17_179_869_184L));
        assertThat(pressure.oomKills()).isEmpty();
        assertThat(pressure.memoryStalled()).isEmpty();
        assertThat(pressure.store().free()).isEqualTo(700_000_000L << 10);
    }

    @Test
    void oldKernelsTellLess() {
        var pressure = parse(LINUX.replaceAll("/proc/(pressure|vmstat).*\n", ""))
                .orElseThrow()
                .pressure();
        assertThat(pressure.cpuStalled()).isEmpty();
        assertThat(pressure.oomKills()).isEmpty();
    }

    @Test
    void buildDirectoriesThatCannotBeSeenAreTakenToBeOnTheStoresDisk() {
        var pressure =
                parse(LINUX.replace("tmpfs ", "df: no such ")).orElseThrow().pressure();
        assertThat(pressure.build()).isNotEqualTo(pressure.store());
        pressure = parse(LINUX.replaceAll("tmpfs .*", "")).orElseThrow().pressure();
        assertThat(pressure.build()).isEqualTo(pressure.store());
    }

    @Test
    void aPartOfAnAnswerIsNone() {
        for (int i = 0; i < LINUX.indexOf("@end") + 4; i++)
            assertThat(parse(LINUX.substring(0, i))).as("the first %d", i).isEmpty();
    }

    @Test
    void whatNoMachineTellsIsNone() {
        assertThat(parse("This account is for Nix only.\n")).isEmpty();
        assertThat(parse(LINUX.replace("3.50", "many"))).isEmpty();
        assertThat(parse(LINUX.replace("0-2,5", "3-1"))).isEmpty();
        assertThat(parse(LINUX.replace("0-2,5", "99999999999"))).isEmpty();
        assertThat(parse(LINUX.replace("MemTotal:        8000000", "MemTotal: 99999999999999999999")))
                .isEmpty();
        assertThat(parse(DARWIN.replace("8\n", "0\n"))).isEmpty();
        assertThat(parse(DARWIN.replace("/dev/disk", "df: "))).isNotEmpty();
    }

    @Test
    void damageAnywhereIsNoHarm() {
        Seeds.run(2000, random -> {
            var bytes = new StringBuilder(random.nextBoolean() ? LINUX : DARWIN);
            for (int i = 1 + random.nextInt(5); i > 0; i--) {
                int at = random.nextInt(bytes.length());
                switch (random.nextInt(3)) {
                    case 0 -> bytes.setCharAt(at, (char) random.nextInt(256));
                    case 1 -> bytes.deleteCharAt(at);
                    default -> bytes.insert(at, "9999999999999");
                }
            }
            parse(bytes.toString()).ifPresent(sample -> {
                assertThat(sample.pressure().memory().fraction()).isBetween(0.0, 1.0);
                assertThat(sample.pressure().cores()).isPositive();
            });
        });
    }

    @Test
    void coresThatNoMachineHasAreNotBelieved() {
        for (var online : List.of(
                String.join(",", Collections.nCopies(15, "2147483647-0")),
                "0-2147483647",
                "0-1048576",
                "3-1",
                "0-3-7",
                "-",
                ",",
                "99999999999"))
            assertThat(SampleParser.parse(LINUX.replace("online:0-2,5", "online:" + online), NOW))
                    .as(online)
                    .isEmpty();
    }

    /// Each number in turn is made another, up to more than any type holds.
    @Test
    void whateverNumbersAMachineSaysItIsASampleOrNone() {
        Seeds.run(300, random -> {
            var text = new StringBuilder();
            for (var answer : List.of(LINUX, DARWIN)) {
                text.setLength(0);
                for (var word : answer.split("(?<=\\D)(?=\\d)|(?<=\\d)(?=\\D)", -1)) {
                    boolean changed = word.matches("\\d+") && random.nextInt(6) == 0;
                    text.append(changed ? number(random) : word);
                }
                SampleParser.parse(text.toString(), NOW).ifPresent(sample -> {
                    assertThat(sample.pressure().cores()).isPositive();
                    assertThat(sample.pressure().loadPerCore()).isNotNegative().isFinite();
                    assertThat(sample.pressure().memory().fraction()).isBetween(0.0, 1.0);
                    assertThat(sample.pressure().store().fraction()).isBetween(0.0, 1.0);
                });
            }
        });
    }

    private static String number(RandomGenerator random) {
        return switch (random.nextInt(5)) {
            case 0 -> "0";
            case 1 -> "2147483647";
            case 2 -> "9".repeat(1 + random.nextInt(20));
            case 3 -> "1-" + "0,2147483647-".repeat(random.nextInt(12)) + "0";
            default -> Integer.toString(random.nextInt(1_000_000));
        };
    }
}
