package dispatcher.cli.machines;

import dispatcher.cli.api.Decimals;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.machine.Pressure;
import dispatcher.machine.registry.MachineRegistry;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/// What is known of machines beside what the queue has of them.
///
/// @param triedAgain when a machine of that name is tried again
/// @param measured   how it is doing
public record MachineKnowledge(
        Function<String, Optional<Instant>> triedAgain, Function<String, Optional<Pressure>> measured) {
    public static MachineKnowledge of(MachineRegistry machines) {
        return new MachineKnowledge(machines::triedAgain, machines::measured);
    }

    /// A machine as the API has it, with what is known here.
    public MachineAnswer with(MachineAnswer machine) {
        boolean isTried = machine.state().equals("set-aside") || machine.state().equals("undescribed");
        return machine.withMeasured(
                measured.apply(machine.name()).map(MachineKnowledge::answer),
                triedAgain.apply(machine.name()).filter(_ -> isTried));
    }

    private static MachineAnswer.Measured answer(Pressure pressure) {
        return new MachineAnswer.Measured(
                pressure.sampledAt(),
                Decimals.finite(pressure.load()),
                pressure.cores(),
                room(pressure.memory()),
                room(pressure.store()),
                room(pressure.build()),
                share(pressure.cpuStalled()),
                share(pressure.memoryStalled()));
    }

    private static MachineAnswer.Room room(Pressure.Room room) {
        return new MachineAnswer.Room(room.free(), room.total());
    }

    private static Optional<BigDecimal> share(OptionalDouble share) {
        return share.isPresent() ? Optional.of(Decimals.finite(share.getAsDouble())) : Optional.empty();
    }
}
