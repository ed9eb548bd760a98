package dispatcher.machine.demand;

import dispatcher.machine.OnDemand;
import dispatcher.machine.Pool;
import dispatcher.machine.provider.CommandProvider;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries out the plans for pools; see [PoolPlan]. Confined to the thread that looks after machines on demand, and
/// never waits for a provider.
final class Pools {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    /// After a start that failed, the pool starts no machine by itself for so long.
    private static final Duration PAUSE = Duration.ofMinutes(1);

    private final InstantSource clock;
    private final ZoneId zone;

    /// Names of pools whose strays have been looked for.
    private final Set<String> searched = new HashSet<>();

    Pools(InstantSource clock) {
        this(clock, ZoneId.systemDefault());
    }

    Pools(InstantSource clock, ZoneId zone) {
        this.clock = clock;
        this.zone = zone;
    }

    /// To be called now and then, with all machines on demand that there are.
    void tend(List<MachineLifecycle> machines) {
        var pools = new HashMap<Pool, Map<Integer, MachineLifecycle>>();
        for (var machine : machines) {
            var member = machine.goal().settings().pool();
            member.ifPresent(
                    it -> pools.computeIfAbsent(it.pool(), _ -> new HashMap<>()).put(it.index(), machine));
            // It may have been one before the settings changed.
            if (member.isEmpty()) machine.withhold("");
        }
        pools.forEach(this::tend);
    }

    private void tend(Pool pool, Map<Integer, MachineLifecycle> machines) {
        if (searched.add(pool.name()))
            searchStrays(pool, machines.values().iterator().next().goal().settings());
        var now = clock.instant();
        var members = new ArrayList<PoolPlan.Member>();
        machines.forEach((index, machine) -> members.add(member(index, machine.view(), now)));
        var plan = PoolPlan.of(pool, pool.at(LocalDateTime.ofInstant(now, zone)), members);
        machines.forEach((index, machine) -> {
            machine.withhold(plan.withheld().getOrDefault(index, ""));
            if (plan.keep().contains(index)) machine.stayOn();
            if (plan.start().contains(index)) machine.requestStart();
        });
    }

    private static PoolPlan.Member member(int index, LifecycleView view, Instant now) {
        boolean on = switch (view.state()) {
            case STARTING, READY -> true;
            case OFF, STOPPING, FAILED -> false;
        };
        boolean broken = view.state() == LifecycleView.State.FAILED
                && now.isBefore(view.since().plus(PAUSE));
        return new PoolPlan.Member(index, on, view.uses() > 0, broken);
    }

    // ---- strays

    /// Stops machines that an earlier dispatcher started and that the pool does not have any more, if a command
    /// lists those that run. Those that the pool has are found by looking for each.
    private static void searchStrays(Pool pool, OnDemand settings) {
        if (!(settings.provider() instanceof OnDemand.Commands commands)
                || commands.list().isEmpty()) return;
        var _ = Thread.ofVirtual()
                .name("strays of " + pool.name())
                .start(() -> stopStrays(pool, commands, settings.bootTimeout()));
    }

    private static void stopStrays(Pool pool, OnDemand.Commands commands, Duration limit) {
        try {
            var running = new CommandProvider(pool.name(), commands, _ -> {}).running();
            for (var name : running.orElse(List.of())) {
                var index = indexOf(pool, name);
                if (index.isEmpty() || index.get() <= pool.size()) continue;
                var stray = new Pool.Member(pool, index.get());
                log.atWarn()
                        .addKeyValue("machine", name)
                        .addKeyValue("pool", pool.name())
                        .log("machine runs that its pool does not have any more; it is stopped");
                new CommandProvider(name, Optional.of(stray), commands, _ -> {}).stop(limit);
            }
        } catch (IOException e) {
            log.atWarn()
                    .addKeyValue("pool", pool.name())
                    .addKeyValue("why", e.getMessage())
                    .log("machines that a pool does not have any more may run on; stop them by hand");
        } catch (InterruptedException e) {
            // The dispatcher ends.
        }
    }

    private static Optional<Integer> indexOf(Pool pool, String machine) {
        var prefix = pool.name() + "-";
        var rest = machine.startsWith(prefix) ? machine.substring(prefix.length()) : "";
        return rest.matches("[1-9]\\d{0,6}") ? Optional.of(Integer.valueOf(rest)) : Optional.empty();
    }
}
