package dispatcher.cli.decline;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.testkit.ManualClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeclineTest {
    @TempDir
    private Path root;

    private final ManualClock clock = new ManualClock();
    private volatile Duration wait = Duration.ZERO;
    private Path mains;
    private Path battery;
    private Path routes;

    @BeforeEach
    void describeTheHost() throws Exception {
        mains = Files.createDirectories(root.resolve("sys/class/power_supply/AC"));
        battery = Files.createDirectories(root.resolve("sys/class/power_supply/BAT0"));
        Files.writeString(mains.resolve("online"), "1\n");
        Files.writeString(battery.resolve("status"), "Charging\n");
        routes = Files.createDirectories(root.resolve("proc/net")).resolve("route");
        Files.writeString(routes, """
                Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
                eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
                """);
        Files.writeString(
                root.resolve("proc/net/ipv6_route"),
                "%1$s 00 %1$s 00 %1$s ffffffff 1 0 00200200 lo\n".formatted("0".repeat(32)));
    }

    private Decline decline(DeclineRules rules) {
        return new Decline(rules, () -> wait, new HostState(false, root), clock.nanoTime());
    }

    @Test
    void nothingIsDeclinedWithoutARule() throws Exception {
        Files.writeString(mains.resolve("online"), "0\n");
        Files.writeString(battery.resolve("status"), "Discharging\n");

        assertThat(decline(DeclineRules.NEVER).why()).isEmpty();
    }

    @Test
    void whileTheHostRunsOnItsBattery() throws Exception {
        var decline = decline(new DeclineRules(true, false, Optional.empty(), Optional.empty()));
        assertThat(decline.why()).isEmpty();

        Files.writeString(mains.resolve("online"), "0\n");
        Files.writeString(battery.resolve("status"), "Discharging\n");
        assertThat(decline.why()).as("what was found counts for a while").isEmpty();
        clock.advance(Decline.VALID);
        assertThat(decline.why()).hasValue("this host runs on its battery (decline.onBattery)");

        Files.writeString(mains.resolve("online"), "1\n");
        clock.advance(Decline.VALID);
        assertThat(decline.why()).isEmpty();
    }

    @Test
    void aHostWithoutABatteryIsNeverOnOne() throws Exception {
        Files.writeString(mains.resolve("online"), "0\n");
        Files.delete(battery.resolve("status"));
        var host = new HostState(false, root);

        assertThat(host.isOnBattery()).isFalse();
        assertThat(new HostState(false, root.resolve("nowhere")).isOnBattery()).isFalse();
    }

    @Test
    void whileNoRouteLeadsOut() throws Exception {
        var decline = decline(new DeclineRules(false, true, Optional.empty(), Optional.empty()));
        assertThat(decline.why()).isEmpty();

        Files.writeString(routes, "Iface\tDestination\neth0\t000000A0\t0\n");
        clock.advance(Decline.VALID);
        assertThat(decline.why()).hasValue("no network leads out of this host (decline.offline)");

        Files.writeString(
                root.resolve("proc/net/ipv6_route"),
                "%1$s 00 %1$s 00 %1$s 400 1 0 0003 eth0\n".formatted("0".repeat(32)));
        clock.advance(Decline.VALID);
        assertThat(decline.why()).as("a way by IPv6").isEmpty();
    }

    @Test
    void whileBuildsWaitForLong() throws Exception {
        var decline = decline(new DeclineRules(false, false, Optional.of(Duration.ofMinutes(10)), Optional.empty()));
        wait = Duration.ofMinutes(10);
        assertThat(decline.why()).isEmpty();

        wait = Duration.ofMinutes(11);
        clock.advance(Decline.VALID);
        assertThat(decline.why()).hasValue("builds are expected to wait for 660 s (decline.waitOver)");
    }

    @Test
    void whileACommandSaysSo() throws Exception {
        var file = root.resolve("away");
        var decline =
                decline(new DeclineRules(false, false, Optional.empty(), Optional.of("test -e '%s'".formatted(file))));
        assertThat(decline.why()).isEmpty();

        Files.createFile(file);
        clock.advance(Decline.VALID);
        assertThat(decline.why()).hasValue("the settings' command says so (decline.command)");
    }

    @Test
    void otherRulesCountAtOnce() throws Exception {
        var decline = decline(new DeclineRules(false, false, Optional.empty(), Optional.of("true")));
        assertThat(decline.why()).isPresent();

        decline.change(DeclineRules.NEVER);
        assertThat(decline.why()).isEmpty();
    }
}
