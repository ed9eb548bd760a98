package dispatcher.machine.registry;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineDescription;
import dispatcher.machine.OnDemand;
import dispatcher.machine.registry.DescriptionStore.Known;
import java.io.IOException;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What machines have said of themselves, here and in the store; and why one has not. One that is reached in another
/// way than when it said so has not said anything.
///
/// Safe for any thread. Writes to the store, and so is not to be changed with a lock held.
public final class Descriptions {
    private static final Logger log = LoggerFactory.getLogger(Descriptions.class);

    private final DescriptionStore store;
    private final Map<String, Known> known = new ConcurrentHashMap<>();
    private final Map<String, String> problems = new ConcurrentHashMap<>();

    private Descriptions(DescriptionStore store) {
        this.store = store;
    }

    /// With what is written down. If that cannot be read, the log says so, and machines are asked again.
    static Descriptions load(DescriptionStore store) {
        var descriptions = new Descriptions(store);
        try {
            descriptions.known.putAll(store.load());
        } catch (IOException e) {
            log.atWarn()
                    .addKeyValue("why", e.getMessage())
                    .log("cannot read what machines have said of themselves; they are asked again");
        }
        return descriptions;
    }

    /// Machines with what is written down of what they have said of themselves; for commands where no dispatcher runs.
    public static List<Machine> applied(Collection<Machine> stated, DescriptionStore store) {
        if (stated.stream().allMatch(Machine::isDescribed)) return List.copyOf(stated);
        var descriptions = load(store);
        return stated.stream().map(descriptions::applied).toList();
    }

    /// How a machine is reached.
    static String way(Machine machine) {
        var address = machine.address();
        return String.join(
                " ",
                machine.protocol().scheme() + "://" + address.user() + "@" + address.host() + ":" + address.port(),
                String.join(" ", machine.remoteProgram()),
                address.publicHostKey().map(Object::toString).orElse("-"),
                machine.onDemand().map(OnDemand::provider).map(Object::toString).orElse("-"));
    }

    /// Machines of one pool are alike: what one of them has said holds for all.
    Optional<Known> of(Machine machine) {
        var way = way(machine);
        return Optional.ofNullable(known.get(machine.name()))
                .filter(description -> description.way().equals(way))
                .or(() -> isPooled(machine) ? ofAnyReached(way) : Optional.empty());
    }

    private static boolean isPooled(Machine machine) {
        return machine.onDemand().flatMap(OnDemand::pool).isPresent();
    }

    private Optional<Known> ofAnyReached(String way) {
        return known.values().stream()
                .filter(description -> description.way().equals(way))
                .max(Comparator.comparing(Known::at));
    }

    /// A machine with what it has said.
    Machine applied(Machine stated) {
        return of(stated).map(said -> stated.describedBy(said.description())).orElse(stated);
    }

    void put(Machine machine, MachineDescription description, Instant at) {
        var now = new Known(way(machine), at, description);
        known.put(machine.name(), now);
        problems.remove(machine.name());
        try {
            store.save(machine.name(), now);
        } catch (IOException e) {
            log.atWarn()
                    .addKeyValue("machine", machine.name())
                    .addKeyValue("why", e.getMessage())
                    .log("cannot write down what a machine says of itself; it is asked again at the next start");
        }
    }

    /// Why a machine could not be asked, or what its answer lacked.
    Optional<String> problem(String machine) {
        return Optional.ofNullable(problems.get(machine));
    }

    /// @return whether that is another problem than before
    boolean problem(String machine, String why) {
        return !why.equals(problems.put(machine, why));
    }

    /// Forgets all machines but these.
    void keepOnly(Set<String> machines) {
        problems.keySet().retainAll(machines);
        if (!known.keySet().retainAll(machines)) return;
        try {
            store.keepOnly(machines);
        } catch (IOException e) {
            log.atDebug().setCause(e).log("descriptions of machines that are gone stay written down");
        }
    }
}
