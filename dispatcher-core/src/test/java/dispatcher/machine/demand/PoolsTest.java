package dispatcher.machine.demand;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.OnDemand;
import dispatcher.machine.Pool;
import dispatcher.machine.Pool.Range;
import dispatcher.machine.Pool.Window;
import dispatcher.machine.demand.LifecycleView.State;
import dispatcher.testkit.Await;
import dispatcher.testkit.ManualClock;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The machines of a pool, under what builds do and what the pool wants.
class PoolsTest {
    private static final MachineAddress ADDRESS =
            new MachineAddress("cloud", 22, "nix", Optional.empty(), Optional.empty());
    private static final Duration IDLE = Duration.ofMinutes(10);
    private static final Duration ROUND = Duration.ofSeconds(1);

    /// The clock begins at midnight.
    private final ManualClock clock = new ManualClock();

    private final Pools pools = new Pools(clock, ZoneOffset.UTC);
    private final List<FakeProvider> providers = new ArrayList<>();
    private final List<MachineLifecycle> machines = new ArrayList<>();

    private static Pool pool(int min, int max, int warm, Window... windows) {
        return new Pool("cloud", new Range(min, max), warm, OptionalInt.empty(), List.of(windows));
    }

    private static Window window(String from, String to, int min, int max) {
        return new Window(
                EnumSet.allOf(DayOfWeek.class), LocalTime.parse(from), LocalTime.parse(to), new Range(min, max));
    }

    private void start(Pool pool) {
        for (int index = 1; index <= pool.size(); index++) {
            var member = new Pool.Member(pool, index);
            var provider = new FakeProvider();
            var settings = new OnDemand(
                    new OnDemand.Commands("up", Optional.of("down"), Optional.empty(), Optional.empty()),
                    Duration.ofMinutes(2),
                    IDLE);
            providers.add(provider);
            machines.add(new MachineLifecycle(
                    member.machine(),
                    provider,
                    new MachineLifecycle.Goal(settings.in(member), ADDRESS, provider),
                    clock,
                    clock::advance,
                    new ProviderLog(clock),
                    new BootTimes()));
        }
        look();
    }

    /// What the dispatcher does each second; returns when nothing is under way.
    private void look() {
        machines.forEach(MachineLifecycle::lookForIt);
        settle();
        pools.tend(machines);
        settle();
        machines.forEach(MachineLifecycle::stopIfDue);
        settle();
    }

    private void settle() {
        Await.until(
                "nothing is under way",
                () -> machines.stream()
                        .map(machine -> machine.view().state())
                        .noneMatch(state -> state == State.STARTING || state == State.STOPPING));
    }

    private void pass(Duration time) {
        for (var left = time; left.isPositive(); left = left.minus(Duration.ofMinutes(1))) {
            clock.advance(Duration.ofMinutes(1));
            look();
        }
    }

    private MachineLifecycle.Use use(int index) {
        return Await.result(Await.start(() -> machines.get(index - 1).begin()));
    }

    private List<Integer> on() {
        return IntStream.rangeClosed(1, machines.size())
                .filter(index -> machines.get(index - 1).isReady())
                .boxed()
                .toList();
    }

    private List<Integer> withheld() {
        return IntStream.rangeClosed(1, machines.size())
                .filter(index -> !machines.get(index - 1).boot().withheld().isEmpty())
                .boxed()
                .toList();
    }

    private List<String> calls() {
        return providers.stream().flatMap(provider -> provider.calls.stream()).toList();
    }

    @Test
    void aBurstScalesUpOnceAndDownOnceToZero() {
        start(pool(0, 4, 0));
        assertThat(on()).isEmpty();
        for (int round = 0; round < 12; round++) {
            var uses = List.of(use(1), use(2), use(3), use(4));
            pass(Duration.ofMinutes(5));
            uses.forEach(MachineLifecycle.Use::close);
            pass(Duration.ofMinutes(5));
        }
        assertThat(on()).containsExactly(1, 2, 3, 4);
        pass(IDLE);
        assertThat(on()).isEmpty();
        for (var provider : providers) assertThat(provider.calls).containsExactly("start", "stop");
    }

    @Test
    void fromZeroAMachineIsStartedAgainAndAgain() {
        start(pool(0, 2, 0));
        for (int day = 1; day <= 3; day++) {
            use(1).close();
            pass(IDLE);
            assertThat(on()).isEmpty();
        }
        assertThat(calls()).containsExactly("start", "stop", "start", "stop", "start", "stop");
    }

    @Test
    void asManyAreOnAsTheLeast() {
        start(pool(2, 4, 0));
        assertThat(on()).containsExactly(1, 2);
        pass(IDLE.multipliedBy(3));
        assertThat(on()).containsExactly(1, 2);
        assertThat(calls()).containsExactly("start", "start");
    }

    @Test
    void machinesInUseCountToTheLeast() {
        start(pool(1, 4, 0));
        var third = use(3);
        pass(IDLE.plus(ROUND));
        assertThat(on()).as("1 was idle").containsExactly(3);
        third.close();
        pass(IDLE.multipliedBy(3));
        assertThat(on()).containsExactly(3);
    }

    @Test
    void warmOnesAreKeptBesideThoseInUse() {
        start(pool(0, 3, 1));
        assertThat(on()).containsExactly(1);
        var first = use(1);
        look();
        assertThat(on()).containsExactly(1, 2);
        var second = use(2);
        look();
        var third = use(3);
        look();
        assertThat(on()).as("no more than there are").containsExactly(1, 2, 3);
        List.of(first, second, third).forEach(MachineLifecycle.Use::close);
        pass(IDLE.plus(ROUND));
        assertThat(on()).containsExactly(1);
    }

    @Test
    void warmOnesDoNotFlapWithTheBuilds() {
        start(pool(0, 3, 1));
        for (int build = 0; build < 50; build++) {
            var use = use(1);
            pass(Duration.ofMinutes(1));
            use.close();
            pass(Duration.ofMinutes(1));
        }
        assertThat(calls()).containsExactly("start", "start");
    }

    @Test
    void aBusyMachineIsNotTakenWhenAWindowWithFewerMachinesBegins() {
        start(pool(0, 4, 0, window("01:00", "02:00", 0, 1)));
        var second = use(2);
        var third = use(3);
        use(1).close();
        pass(Duration.ofMinutes(61));
        assertThat(on()).as("1 is idle").containsExactly(2, 3);
        assertThat(withheld()).containsExactly(1, 3, 4);
        third.close();
        look();
        assertThat(on()).as("with the end of its last use").containsExactly(2);
        pass(Duration.ofMinutes(60));
        assertThat(withheld()).isEmpty();
        assertThat(on()).containsExactly(2);
        second.close();
    }

    @Test
    void aWindowHasALeastOfItsOwn() {
        start(pool(0, 2, 0, window("01:00", "02:00", 2, 2)));
        pass(Duration.ofMinutes(59));
        assertThat(on()).isEmpty();
        pass(Duration.ofMinutes(1));
        assertThat(on()).containsExactly(1, 2);
        pass(Duration.ofMinutes(59).plus(IDLE));
        assertThat(on()).isEmpty();
    }

    @Test
    void aMachineIsReplacedAfterItsBuilds() {
        start(new Pool("cloud", new Range(0, 1), 0, OptionalInt.of(2), List.of()));
        var machine = machines.getFirst();
        var use = use(1);
        machine.buildBegins();
        assertThat(withheld()).isEmpty();
        machine.buildBegins();
        assertThat(withheld()).containsExactly(1);
        assertThat(machine.boot().withheld()).isEqualTo("it has begun its 2 builds and is replaced");
        look();
        assertThat(on()).as("builds go on").containsExactly(1);
        use.close();
        settle();
        assertThat(on()).isEmpty();
        assertThat(withheld()).as("the next one is fresh").isEmpty();
        use(1).close();
        assertThat(calls()).containsExactly("start", "stop", "start");
    }

    @Test
    void aProviderThatFailsIsNotAskedEachSecond() {
        start(pool(0, 2, 0, window("01:00", "23:00", 1, 2)));
        for (var provider : providers) provider.startFault = Optional.of("no capacity");
        for (int second = 0; second < 70 * 60; second += 10) {
            clock.advance(Duration.ofSeconds(10));
            look();
        }
        assertThat(calls()).as("in ten minutes").hasSizeBetween(8, 11);
        for (var provider : providers) provider.startFault = Optional.empty();
        pass(Duration.ofMinutes(2));
        assertThat(on()).hasSize(1);
    }

    @Test
    void oneThatVanishedIsStartedAgainForTheLeast() throws Exception {
        start(pool(1, 2, 0));
        var use = use(1);
        providers.getFirst().running = false;
        assertThat(machines.getFirst().isGone(use)).isTrue();
        use.close();
        look();
        assertThat(on()).hasSize(1);
        assertThat(calls()).containsExactly("start", "start");
    }

    @Test
    void machinesThatRunAlreadyAreTakenOverAndStoppedWhenIdle() {
        var pool = pool(0, 3, 0);
        for (int index = 1; index <= 3; index++) {
            var member = new Pool.Member(pool, index);
            var provider = new FakeProvider();
            provider.running = index < 3;
            providers.add(provider);
            machines.add(new MachineLifecycle(
                    member.machine(),
                    provider,
                    new MachineLifecycle.Goal(
                            new OnDemand(new OnDemand.Systemd("x"), Duration.ofMinutes(2), IDLE).in(member),
                            ADDRESS,
                            provider),
                    clock,
                    clock::advance,
                    new ProviderLog(clock),
                    new BootTimes()));
        }
        look();
        assertThat(on()).containsExactly(1, 2);
        pass(IDLE);
        assertThat(on()).isEmpty();
        assertThat(calls()).containsExactly("stop", "stop");
    }
}
