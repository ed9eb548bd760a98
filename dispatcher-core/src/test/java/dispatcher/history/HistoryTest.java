package dispatcher.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dispatcher.history.Estimate.Basis;
import dispatcher.machine.Machine;
import dispatcher.nix.attributes.PackageName;
import dispatcher.testkit.Machines;
import dispatcher.testkit.ManualClock;
import dispatcher.testkit.Seeds;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class HistoryTest {
    private static final String X86 = "x86_64-linux";
    private static final String ARM = "aarch64-linux";
    private static final PackageName HELLO = new PackageName("hello");
    private static final PackageName OTHER = new PackageName("other");

    private final History history = new History(Duration.ofSeconds(30), new ManualClock());

    @BeforeEach
    void threeEqualMachines() {
        speeds(1, 1, 1);
    }

    private void speeds(double... speeds) {
        var names = List.of("a", "b", "c");
        for (int i = 0; i < speeds.length; i++) history.setMachines(List.of(machine(names.get(i), speeds[i])));
    }

    private static Machine machine(String name, double speed) {
        return Machines.machine(name, 1, speed);
    }

    private void built(PackageName name, String machine, double seconds) {
        history.built(name, X86, machine, Duration.ofNanos((long) (seconds * 1e9)));
    }

    private double expected(PackageName name) {
        return history.expect(name, X86).median().toNanos() / 1e9;
    }

    @Nested
    class Estimates {
        @Test
        void ofWhatNobodyHasBuiltAreTheDefault() {
            var unknown = history.expect(HELLO, X86);
            assertThat(unknown.median()).hasSeconds(30);
            assertThat(unknown.high()).hasMinutes(2);
            assertThat(unknown.basis()).isEqualTo(Basis.DEFAULT);
            assertThat(history.estimate(HELLO, X86)).isEmpty();
        }

        @Test
        void areTheMedianWhateverOneBuildTook() {
            for (int i = 0; i < 4; i++) built(HELLO, "a", 10);
            built(HELLO, "a", 10_000);
            assertThat(expected(HELLO)).isEqualTo(10);
            built(HELLO, "a", 0.001);
            assertThat(expected(HELLO)).isEqualTo(10);
        }

        @Test
        void followALastingChangeWithinEightBuilds() {
            for (int i = 0; i < 100; i++) built(HELLO, "a", 10);
            for (int i = 0; i < 8; i++) built(HELLO, "a", 20);
            assertThat(expected(HELLO)).isEqualTo(20);
        }

        @Test
        void areNotTooSureAfterOneBuild() {
            built(HELLO, "a", 10);
            assertThat(history.expect(HELLO, X86).high()).hasSeconds(20);
        }

        @Test
        void tellWhatNineOfTenDidNotExceed() {
            for (int i = 1; i <= 10; i++) built(HELLO, "a", i);
            assertThat(history.expect(HELLO, X86).high()).hasSeconds(9);
        }

        @Test
        void restOnTheNextBestThatIsKnown() {
            history.built(HELLO, ARM, "a", Duration.ofSeconds(50));
            assertThat(history.expect(HELLO, X86).basis()).isEqualTo(Basis.NAME);
            assertThat(expected(HELLO)).isEqualTo(50);

            built(OTHER, "a", 7);
            assertThat(history.expect(new PackageName("third"), X86).basis()).isEqualTo(Basis.SYSTEM);
            assertThat(expected(new PackageName("third"))).isEqualTo(7);

            built(HELLO, "a", 5);
            assertThat(history.expect(HELLO, X86).basis()).isEqualTo(Basis.PACKAGE);
            assertThat(expected(HELLO)).isEqualTo(5);
        }

        private Estimate of(String name, String system) {
            return history.expect(new PackageName(name), system);
        }

        private void builtFor(String name, String system, double seconds) {
            history.built(new PackageName(name), system, "a", Duration.ofNanos((long) (seconds * 1e9)));
        }

        @Test
        void ofAPackageThatNobodyHasBuiltAreThoseOfPackagesWhoseNamesBeginAlike() {
            for (int i = 0; i < 9; i++) builtFor("kernel-" + (char) ('a' + i), X86, 600);
            builtFor("python3.11-requests", X86, 12);
            builtFor("python3.12-six", X86, 10);
            assertThat(of("python3.12-flask", X86).basis())
                    .as("two are too few")
                    .isEqualTo(Basis.SYSTEM);
            builtFor("python3-attrs", X86, 1000);

            assertThat(of("python3.12-flask", X86).basis()).isEqualTo(Basis.KIN);
            assertThat(of("python3.12-flask", X86).median()).hasSeconds(12);
            assertThat(of("python", X86).median()).hasSeconds(12);
            assertThat(of("pythonic-thing", X86).median()).hasSeconds(600);
            assertThat(of("python3.12-flask", ARM).basis()).isEqualTo(Basis.ALL);
        }

        private void builtFor(String client, double seconds) {
            history.builtFor(client, X86, "a", Duration.ofNanos((long) (seconds * 1e9)));
        }

        @Test
        void ofAPackageThatNothingIsKnownOfAreThoseOfItsClient() {
            for (int i = 0; i < 9; i++) builtFor("kernel-" + i, X86, 600);
            for (int i = 0; i < 5; i++) {
                assertThat(history.expect(new PackageName("x"), X86, Optional.of("ci"))
                                .basis())
                        .as("few builds")
                        .isEqualTo(Basis.SYSTEM);
                builtFor("ci", 2);
            }

            var ofClient = history.expect(new PackageName("x"), X86, Optional.of("ci"));
            assertThat(ofClient.basis()).isEqualTo(Basis.CLIENT);
            assertThat(ofClient.median()).hasSeconds(2);
            assertThat(history.expect(new PackageName("x"), X86, Optional.of("other"))
                            .median())
                    .hasSeconds(600);
            assertThat(history.expect(new PackageName("x"), ARM, Optional.of("ci"))
                            .basis())
                    .isEqualTo(Basis.ALL);
            assertThat(history.expect(new PackageName("kernel-new"), X86, Optional.of("ci"))
                            .basis())
                    .as("its name says more")
                    .isEqualTo(Basis.KIN);
        }

        /// How far off guesses are with and without what is known of the client: for clients whose builds differ from
        /// one another's by a factor of four mostly, and names of which nothing is known.
        @Test
        void ofClientsThatDifferAreCloserThanThoseOfAll() {
            Seeds.run(20, random -> {
                var clients = new double[8];
                for (int i = 0; i < clients.length; i++) clients[i] = Math.exp(3 + 0.8 * (i - 3.5));
                var seen = new History(Duration.ofSeconds(30), new ManualClock());
                seen.setMachines(List.of(Machines.machine("a", 1, 1)));
                double withClient = 0;
                double without = 0;
                for (int i = 0; i < 400; i++) {
                    int client = random.nextInt(clients.length);
                    double took = clients[client] * Math.exp(0.7 * random.nextGaussian());
                    var name = new PackageName("p" + (char) ('a' + i % 26) + i / 26 + "x");
                    if (i >= 100) {
                        withClient += off(seen.expect(name, X86, Optional.of("c" + client)), took);
                        without += off(seen.expect(name, X86), took);
                    }
                    var duration = Duration.ofNanos((long) (took * 1e9));
                    seen.built(name, X86, "a", duration);
                    seen.builtFor("c" + client, X86, "a", duration);
                }
                assertThat(withClient).isLessThan(0.8 * without);
            });
        }

        private static double off(Estimate guess, double took) {
            return Math.abs(Math.log(guess.median().toNanos() / 1e9 / took));
        }

        @Test
        void ofFetchingAreThoseOfFetching() {
            for (var name : List.of("a:fetch", "b:fetch", "c:fetch")) builtFor(name, X86, 2);
            for (var name : List.of("a-tool", "a-library", "a-test", "a-doc")) builtFor(name, X86, 300);

            assertThat(of("d:fetch", X86).median()).hasSeconds(2);
            assertThat(of("a-new:fetch", X86).median()).hasSeconds(2);
            assertThat(of("a-new", X86).median()).hasSeconds(300);
        }

        @Test
        void forASystemThatNothingWasBuiltForAreThoseOfAllSystems() {
            builtFor("x", ARM, 40);

            assertThat(of("y", X86).basis()).isEqualTo(Basis.ALL);
            assertThat(of("y", X86).median()).hasSeconds(40);
        }

        @Test
        void areForMachinesOfSpeedOne() {
            speeds(4);
            built(HELLO, "a", 10);
            assertThat(expected(HELLO)).isEqualTo(40);
        }

        @Test
        void haveTheMostMemoryThatAnyBuildTook() {
            built(HELLO, "a", 10);
            assertThat(history.expect(HELLO, X86).peakMemory()).isEmpty();
            history.peakMemory(HELLO, X86, 1 << 30);
            history.peakMemory(HELLO, X86, 1 << 20);
            assertThat(history.expect(HELLO, X86).peakMemory()).hasValue(1 << 30);
        }

        @Test
        void areGoneOnceThePackageIsForgotten() {
            built(HELLO, "a", 10);
            assertThat(history.forget(HELLO)).isTrue();
            assertThat(history.forget(HELLO)).isFalse();
            assertThat(history.estimate(HELLO, X86)).isEmpty();
        }
    }

    @Nested
    class Speeds {
        /// True speeds a 1, b 1, c as given, all configured as 1; many packages, built in turn on all machines.
        private void build(double speedOfC, int rounds, RandomGenerator random) {
            for (int round = 0; round < rounds; round++)
                for (int p = 0; p < 10; p++)
                    for (var machine : List.of("a", "b", "c")) {
                        double noise = Math.exp(random.nextGaussian() * 0.1);
                        double outlier = random.nextInt(20) == 0 ? 8 : 1;
                        double speed = machine.equals("c") ? speedOfC : 1;
                        built(new PackageName("p" + p), machine, (5 + p) / speed * noise * outlier);
                    }
        }

        private double ofC() {
            return history.effectiveSpeed("c") / history.effectiveSpeed("a");
        }

        @Test
        void areCorrectedByWhatWasMeasuredWhateverTheNoise() {
            Seeds.run(20, random -> {
                var measured = new HistoryTest();
                measured.threeEqualMachines();
                var speeds = measured.new Speeds();
                speeds.build(2.5, 20, random);
                assertThat(speeds.ofC()).isBetween(1.7, 3.0);
            });
        }

        @Test
        @Tag("slow")
        void ofEqualMachinesDoNotDriftApartNorAway() {
            Seeds.run(10, random -> {
                var measured = new HistoryTest();
                measured.threeEqualMachines();
                measured.new Speeds().build(1, 100, random);
                for (var machine : List.of("a", "b", "c"))
                    assertThat(measured.history.effectiveSpeed(machine)).isCloseTo(1, within(0.25));
            });
        }

        @Test
        void areBelievedTheLessTheFewerBuildsTheyRestOn() {
            for (int i = 0; i < 3; i++) built(HELLO, "a", 10);
            built(HELLO, "b", 5);
            assertThat(history.effectiveSpeed("b")).isBetween(1.05, 1.2);
            for (int i = 0; i < 2; i++) built(HELLO, "b", 5);
            assertThat(history.effectiveSpeed("b")).isBetween(1.2, 1.4);
        }

        @Test
        void areAtMostFourTimesAsMuchOrAsLittleAsConfigured() {
            for (int i = 0; i < 15; i++) {
                built(new PackageName("p" + i), "a", 100);
                built(new PackageName("p" + i), "a", 100);
                built(new PackageName("p" + i), "a", 100);
                for (int j = 0; j < 3; j++) built(new PackageName("p" + i), "b", 2);
            }
            assertThat(history.effectiveSpeed("b")).isCloseTo(4, within(0.001));
        }

        @Test
        void areNotMeasuredByBuildsThatAreOverAtOnceOrKnownTooLittle() {
            built(HELLO, "a", 10);
            built(HELLO, "a", 10);
            built(HELLO, "b", 5);
            for (int i = 0; i < 3; i++) built(OTHER, "a", 10);
            built(OTHER, "b", 1.9);
            assertThat(history.effectiveSpeed("b")).isEqualTo(1);
        }

        @Test
        void followTheSettings() {
            for (int i = 0; i < 3; i++) built(HELLO, "a", 10);
            for (int i = 0; i < 10; i++) built(HELLO, "b", 5);
            double before = history.effectiveSpeed("b");
            history.setMachines(List.of(machine("b", 2)));
            assertThat(history.effectiveSpeed("b")).isGreaterThan(before).isCloseTo(2, within(0.2));
        }
    }

    @Nested
    class Bandwidth {
        private static final Offset<Double> LITTLE = within(0.02);

        private void copied(long megabytes, double begun, double ended) {
            history.copied("a", megabytes * 1_000_000, (long) (begun * 1e9), (long) (ended * 1e9));
        }

        private double megabytes() {
            return history.bandwidth("a") / 1e6;
        }

        @Test
        void ofAMachineThatGotNothingYetIsTheDefault() {
            assertThat(megabytes()).isEqualTo(100);
            history.copied("a", 999_999, 0, 1);
            assertThat(megabytes()).isEqualTo(100);
        }

        @Test
        void isWhatAllCopiesAtOnceGotTogether() {
            copied(50, 0, 10);
            copied(50, 0, 10.01);
            assertThat(megabytes()).isCloseTo(10, within(0.6));
        }

        @Test
        void followsTheLink() {
            for (int i = 0; i < 20; i++) copied(10, i, i + 0.5);
            assertThat(megabytes()).isCloseTo(20, LITTLE);
            for (int i = 20; i < 60; i++) copied(10, i, i + 0.1);
            assertThat(megabytes()).isCloseTo(100, within(10.0));
        }

        @Test
        void isAtLeastSomethingAfterCopiesThatTookNoTimeAtAll() {
            copied(10, 1, 1);
            assertThat(megabytes()).isEqualTo(100);
        }
    }
}
