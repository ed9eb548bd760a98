package dispatcher.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.client.ClientLimits;
import dispatcher.protocol.ClientDoor.Refused;
import dispatcher.protocol.ClientDoor.Visit;
import dispatcher.testkit.ManualClock;
import java.time.Duration;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class ClientDoorTest {
    private final ManualClock clock = new ManualClock();

    /// Five in all, three from an address, two with a key, four that log in, and two free failures.
    private final ClientDoor door =
            new ClientDoor(new ClientLimits(5, 3, 2, 1, 4, Duration.ofSeconds(1), 2, 1, 1, 1), clock.nanoTime());

    private Visit enter(String address) {
        return assertThat(door.arrive(address))
                .asInstanceOf(InstanceOfAssertFactories.type(Visit.class))
                .actual();
    }

    private void requireRefused(String address, String why) {
        assertThat(door.arrive(address))
                .asInstanceOf(InstanceOfAssertFactories.type(Refused.class))
                .extracting(Refused::why)
                .asString()
                .contains(why);
    }

    private void fail(String address) {
        var visit = enter(address);
        visit.loginFailed();
        visit.leave();
    }

    @Test
    void oneAddressHasSoManyConnections() {
        enter("a");
        enter("a");
        var third = enter("a");
        requireRefused("a", "3 connections from your address");
        enter("b");
        third.leave();
        enter("a");
    }

    @Test
    void thereAreSoManyConnectionsInAll() {
        for (int i = 0; i < 5; i++)
            assertThat(enter("a" + i).loggedIn("key" + i)).isEmpty();
        requireRefused("b", "has 5 connections");
        assertThat(door.connections()).isEqualTo(5);
    }

    @Test
    void soManyLogInAtOnce() {
        var first = enter("a");
        for (int i = 0; i < 3; i++) enter("b" + i);
        requireRefused("c", "4 others are logging in");
        assertThat(first.loggedIn("key")).isEmpty();
        enter("c");
    }

    @Test
    void oneKeyHasSoManyConnections() {
        var first = enter("a");
        assertThat(first.loggedIn("key")).isEmpty();
        assertThat(enter("b").loggedIn("key")).isEmpty();
        var third = enter("c");
        assertThat(third.loggedIn("key"))
                .hasValueSatisfying(why -> assertThat(why).contains("2 connections with this key"));
        third.leave();
        first.leave();
        assertThat(enter("d").loggedIn("key")).isEmpty();
    }

    @Test
    void leavingTwiceCountsOnce() {
        var visit = enter("a");
        assertThat(visit.loggedIn("key")).isEmpty();
        visit.leave();
        visit.leave();
        assertThat(door.connections()).isZero();
    }

    @Test
    void addressWhoseLoginsFailWaitsLongerEachTime() {
        fail("a");
        fail("a");
        requireRefused("a", "come again in 1 s");
        enter("b").leave();
        clock.advance(Duration.ofSeconds(1));
        fail("a");
        clock.advance(Duration.ofSeconds(1));
        requireRefused("a", "come again in 1 s");
        clock.advance(Duration.ofSeconds(1));
        for (int i = 0; i < 20; i++) {
            fail("a");
            clock.advance(Duration.ofMinutes(1));
        }
        fail("a");
        requireRefused("a", "come again in 60 s");
    }

    @Test
    void loginThatSucceedsClearsTheAddress() {
        fail("a");
        var visit = enter("a");
        assertThat(visit.loggedIn("key")).isEmpty();
        visit.leave();
        fail("a");
        enter("a");
    }

    @Test
    void failuresAreForgotten() {
        fail("a");
        clock.advance(Duration.ofMinutes(10));
        fail("a");
        enter("a");
    }

    @Test
    void whoOnlyLooksHasNotFailed() {
        for (int i = 0; i < 10; i++) enter("a").leave();
        enter("a");
    }

    @Test
    void onlySoManyAddressesAreRemembered() {
        var throttle = new LoginThrottle(1);
        for (int i = 0; i < 20_000; i++) throttle.failed("a" + i, 0);
        assertThat(throttle.addresses()).isEqualTo(10_000);
        assertThat(throttle.wait("a19999", 0)).isPositive();
    }
}
