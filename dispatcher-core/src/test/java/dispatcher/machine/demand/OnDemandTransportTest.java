package dispatcher.machine.demand;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.OnDemand;
import dispatcher.machine.demand.LifecycleView.State;
import dispatcher.testkit.Await;
import dispatcher.testkit.ManualClock;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OnDemandTransportTest {
    private static final MachineAddress ADDRESS =
            new MachineAddress("builder", 22, "nix", Optional.empty(), Optional.empty());
    private static final Duration IDLE = Duration.ofMinutes(10);

    private final ManualClock clock = new ManualClock();
    private final FakeProvider provider = new FakeProvider();
    private final List<Way> ways = new CopyOnWriteArrayList<>();
    private final MachineLifecycle lifecycle = new MachineLifecycle(
            "builder",
            provider,
            new MachineLifecycle.Goal(
                    new OnDemand(new OnDemand.Systemd("builder.service"), Duration.ofMinutes(2), IDLE),
                    ADDRESS,
                    provider),
            clock,
            clock::advance,
            new ProviderLog(clock),
            new BootTimes());
    private final OnDemandTransport transport = new OnDemandTransport(lifecycle, Way::new);

    /// The way to the machine while the provider says that it runs.
    private final class Way implements Transport {
        private final MachineAddress address;
        private final AtomicInteger asked = new AtomicInteger();
        private volatile Runnable onBetterWay = () -> {};
        private volatile boolean closed;

        Way(MachineAddress address) {
            this.address = address;
            ways.add(this);
        }

        @Override
        public CommandChannel open(String command) throws IOException {
            if (!provider.running)
                throw new UnreachableException(UnreachableException.Kind.TIMED_OUT, "no answer", "look at it");
            return new Channel();
        }

        @Override
        public Optional<CommandChannel> openIfConnected(String command) {
            asked.incrementAndGet();
            return Optional.of(new Channel());
        }

        @Override
        public void onBetterWay(Runnable action) {
            onBetterWay = action;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private static final class Channel implements CommandChannel {
        @Override
        public InputStream in() {
            return InputStream.nullInputStream();
        }

        @Override
        public OutputStream out() {
            return OutputStream.nullOutputStream();
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
        public void close() {}
    }

    private void awaitOff() {
        Await.until("it is off", () -> lifecycle.view().state() == State.OFF);
    }

    @Test
    void aCommandStartsTheMachineAndKeepsItOnUntilItEnds() throws Exception {
        assertThat(transport.isOff()).isTrue();
        var channel = transport.open("nix-daemon --stdio");
        assertThat(transport.isOff()).isFalse();
        assertThat(provider.calls).containsExactly("start");
        clock.advance(IDLE);
        lifecycle.stopIfDue();
        assertThat(lifecycle.view().uses()).isEqualTo(1);
        channel.close();
        channel.close();
        assertThat(lifecycle.view().uses()).isZero();
        clock.advance(IDLE);
        lifecycle.stopIfDue();
        awaitOff();
        assertThat(ways).singleElement().matches(way -> way.closed);
    }

    @Test
    void whatIsAskedByTheWayNeitherStartsItNorKeepsItOn() throws Exception {
        assertThat(transport.openIfConnected("sh")).isEmpty();
        assertThat(transport.answers(Duration.ofSeconds(1))).isTrue();
        assertThat(transport.peer()).isEmpty();
        assertThat(provider.calls).isEmpty();
        transport.open("nix-daemon --stdio").close();
        clock.advance(IDLE);
        assertThat(transport.openIfConnected("sh")).isPresent();
        assertThat(ways.getFirst().asked).hasValue(1);
        lifecycle.stopIfDue();
        awaitOff();
        assertThat(transport.openIfConnected("sh")).isEmpty();
    }

    @Test
    void eachStartHasAWayOfItsOwnToWhereTheMachineIsThen() throws Exception {
        transport.open("nix-daemon --stdio").close();
        lifecycle.requestStop(false);
        awaitOff();
        provider.where = Optional.of(new MachineAddress("10.0.0.9", 22, "nix", Optional.empty(), Optional.empty()));
        transport.open("nix-daemon --stdio").close();
        assertThat(ways).extracting(way -> way.address.host()).containsExactly("builder", "10.0.0.9");
        assertThat(ways).extracting(way -> way.closed).containsExactly(true, false);
    }

    @Test
    void aMachineThatWentOffByItselfIsStartedAgain() throws Exception {
        transport.open("nix-daemon --stdio").close();
        provider.running = false;
        transport.open("nix-daemon --stdio").close();
        assertThat(provider.calls).containsExactly("start", "start");
        assertThat(lifecycle.view().uses()).isZero();
    }

    @Test
    void aMachineThatRunsAndCannotBeReachedIsNotStartedAgain() throws Exception {
        transport.open("nix-daemon --stdio").close();
        var unreachable = new OnDemandTransport(lifecycle, _ -> new Transport() {
            @Override
            public CommandChannel open(String command) throws IOException {
                throw new UnreachableException(UnreachableException.Kind.REFUSED, "refused", "look at it");
            }

            @Override
            public void close() {}
        });
        assertThatThrownBy(() -> unreachable.open("nix-daemon --stdio"))
                .isInstanceOf(UnreachableException.class)
                .hasMessage("refused");
        assertThat(provider.calls).containsExactly("start");
        assertThat(lifecycle.view().uses()).isZero();
    }

    @Test
    void aStopThatIsWantedEndsConversationsThatNobodyUses() throws Exception {
        var kept = transport.open("nix-daemon --stdio");
        transport.onBetterWay(kept::close);
        assertThat(ways.getFirst().onBetterWay).isNotNull();
        lifecycle.requestStop(false);
        awaitOff();
        assertThat(provider.calls).containsExactly("start", "stop");
    }

    @Test
    void aWayThatIsClosedStartsNothingMoreAndLeavesTheMachineOn() throws Exception {
        transport.open("nix-daemon --stdio").close();
        transport.close();
        assertThat(lifecycle.view().state()).isEqualTo(State.READY);
        assertThatThrownBy(() -> transport.open("nix-daemon --stdio")).isInstanceOf(IOException.class);
        assertThat(lifecycle.view().uses()).isZero();
    }
}
