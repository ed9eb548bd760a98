package dispatcher.access;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.access.ConnectionLimiter.Refused;
import dispatcher.access.ConnectionLimiter.Visit;
import dispatcher.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class ConnectionLimiterTest {
    private final ManualClock clock = new ManualClock();

    private final List<String> displaced = new ArrayList<>();

    /// Five in all, three from an address, two with a key, four that log in, three of them from an address, and
    /// two free failures.
    private ConnectionLimiter door = door(5, 3, 4, 3, 2);

    private ConnectionLimiter door(
            int connections, int perAddress, int loggingIn, int loggingInPerAddress, int failures) {
        return new ConnectionLimiter(
                new ClientLimits(
                        connections,
                        perAddress,
                        2,
                        1,
                        loggingIn,
                        loggingInPerAddress,
                        Duration.ofSeconds(30),
                        failures,
                        1,
                        1,
                        1),
                "from your address",
                clock.nanoTime());
    }

    private Visit enter(String address) {
        return enter(address, address);
    }

    private Visit enter(String address, String name) {
        return assertThat(door.arrive(address, _ -> displaced.add(name)))
                .asInstanceOf(InstanceOfAssertFactories.type(Visit.class))
                .actual();
    }

    private void requireRefused(String address, String why) {
        assertThat(door.arrive(address, _ -> displaced.add(address)))
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
        assertThat(enter("a").loggedIn("key")).isEmpty();
        assertThat(enter("a").loggedIn("key")).isEmpty();
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
    void soManyFromOneAddressLogInAtOnce() {
        door = door(100, 100, 100, 3, 10);
        var first = enter("a", "first");
        for (int i = 0; i < 2; i++) enter("a");
        requireRefused("a", "3 others from your address are logging in");
        enter("b");
        assertThat(first.loggedIn("key")).isEmpty();
        enter("a");
        assertThat(displaced).isEmpty();
    }

    @Test
    void whoHasHadItsTimeGivesItsPlaceToTheNext() {
        door = door(100, 100, 100, 3, 10);
        var first = enter("a", "first");
        clock.advance(ConnectionLimiter.GRACE);
        enter("a", "second");
        enter("a", "third");
        enter("a", "fourth");
        assertThat(displaced).containsExactly("first");
        assertThat(first.loggedIn("key"))
                .hasValueSatisfying(why -> assertThat(why).contains("others wait to log in"));
        first.leave();
        assertThat(door.connections()).isEqualTo(3);
        requireRefused("a", "3 others from your address");
    }

    @Test
    void whoHasNamedAGoodKeyKeepsItsPlaceWhileOthersHaveNot() {
        door = door(100, 100, 100, 3, 10);
        enter("a", "first").promises();
        enter("a", "second");
        enter("a", "third");
        clock.advance(ConnectionLimiter.GRACE);
        enter("a", "fourth");
        assertThat(displaced).containsExactly("second");
    }

    @Test
    void addressWithTheMostLoginsGivesPlacesToOthersAtOnce() {
        door = door(100, 100, 4, 4, 10);
        for (int i = 0; i < 4; i++) enter("a", "a" + i);
        enter("b", "b0");
        enter("c", "c0");
        requireRefused("a", "4 others are logging in");
        assertThat(displaced).containsExactly("a0", "a1");
        // Two of a, one of b, one of c: one more of d is less than a has.
        enter("d", "d0");
        assertThat(displaced).containsExactly("a0", "a1", "a2");
        // Now each has one.
        requireRefused("e", "4 others are logging in");
        clock.advance(ConnectionLimiter.GRACE);
        enter("e", "e0");
        assertThat(displaced).containsExactly("a0", "a1", "a2", "a3");
    }

    @Test
    void silentConnectionsFromOneAddressKeepNobodyElseOut() {
        door = door(2000, 1500, 400, 200, 10);
        for (int i = 0; i < 200; i++) enter("silent");
        for (int i = 0; i < 200; i++) enter("silent too");
        for (int i = 0; i < 100; i++)
            assertThat(enter("honest " + i).loggedIn("key " + i)).isEmpty();
        assertThat(displaced).hasSizeLessThanOrEqualTo(100).doesNotContain("honest 0");
    }

    @Test
    void goodKeyGetsInBehindAnAddressFullOfSilentConnections() {
        door = door(2000, 1500, 400, 200, 10);
        for (int i = 0; i < 200; i++) enter("nat");
        clock.advance(ConnectionLimiter.GRACE);
        assertThat(enter("nat", "honest").loggedIn("key")).isEmpty();
        assertThat(displaced).containsExactly("nat");
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
    void addressWhoseLoginsFailHasAFewPlacesOnlyAndAGoodKeyGetsIn() {
        door = door(2000, 1500, 400, 40, 2);
        fail("a");
        fail("a");
        enter("a", "first");
        enter("a", "second");
        requireRefused("a", "many logins from your address failed, so only 2 at once may log in");
        enter("b").leave();
        clock.advance(ConnectionLimiter.GRACE);
        var honest = enter("a", "honest");
        assertThat(displaced).containsExactly("first");
        assertThat(honest.loggedIn("key")).isEmpty();
        // Which proves that somebody honest is there.
        for (int i = 0; i < 20; i++) enter("a");
    }

    @Test
    void whatOneWhoFailsMayHaveUsDoIsBounded() {
        door = door(2000, 1500, 400, 40, 2);
        fail("a");
        fail("a");
        int letIn = 0;
        for (int second = 0; second < 60; second++) {
            for (int i = 0; i < 100; i++) {
                if (door.arrive("a", _ -> {}) instanceof Visit) letIn++;
            }
            clock.advance(Duration.ofSeconds(1));
        }
        assertThat(letIn).isLessThanOrEqualTo(2 * (60 / (int) ConnectionLimiter.GRACE.toSeconds()));
    }

    @Test
    void loginThatSucceedsClearsTheAddress() {
        door = door(2000, 1500, 400, 20, 2);
        fail("a");
        var visit = enter("a");
        assertThat(visit.loggedIn("key")).isEmpty();
        fail("a");
        enter("a");
        enter("a");
    }

    @Test
    void severalWrongKeysOfOneLoginAreOneFailure() {
        door = door(2000, 1500, 400, 20, 2);
        var visit = enter("a");
        for (int i = 0; i < 5; i++) visit.loginFailed();
        visit.leave();
        enter("a");
        enter("a");
    }

    @Test
    void failuresFade() {
        door = door(2000, 1500, 400, 20, 2);
        fail("a");
        fail("a");
        clock.advance(Duration.ofSeconds(5));
        enter("a");
        enter("a");
        for (int i = 0; i < 1000; i++) fail("b");
        clock.advance(Duration.ofMinutes(1).plusSeconds(5));
        enter("b");
        enter("b");
    }

    @Test
    void silenceIsAFailure() {
        door = door(2000, 1500, 400, 20, 2);
        for (int i = 0; i < 2; i++) {
            var silent = enter("a");
            clock.advance(Duration.ofSeconds(3));
            silent.leave();
        }
        enter("a");
        requireRefused("a", "many logins from your address failed");
    }

    @Test
    void scanIsAFailureAndACheckOfThePortNowAndThenIsNone() {
        door = door(2000, 1500, 400, 20, 2);
        for (int i = 0; i < 10; i++) enter("scan").leave();
        enter("scan");
        requireRefused("scan", "many logins from your address failed");
        for (int i = 0; i < 10_000; i++) {
            enter("check").leave();
            clock.advance(Duration.ofSeconds(1));
        }
        enter("check");
        enter("check");
    }

    @Test
    void whoJoinsAnotherHasNotFailed() {
        door = door(2000, 1500, 400, 20, 1);
        for (int i = 0; i < 20; i++) {
            var visit = enter("a");
            visit.joins();
            visit.leave();
        }
        enter("a");
        enter("a");
        assertThat(door.connections()).isEqualTo(2);
    }

    @Test
    void onlySoManyAddressesAreRemembered() {
        var throttle = new LoginThrottle(1);
        for (int i = 0; i < 20_000; i++) throttle.failed("a" + i, LoginThrottle.FAILURE, 0);
        assertThat(throttle.addresses()).isEqualTo(10_000);
        assertThat(throttle.isFailing("a19999", 0)).isTrue();
    }
}
