package dispatcher.cli.api;

import java.time.Instant;
import java.util.List;

/// The machines and what they do.
///
/// @param now from which the times in it are counted; the dispatcher's clock need not be the client's
public record MachinesAnswer(Instant now, List<MachineAnswer> machines) {
    public static final String PATH = "/api/v1/machines";

    public MachinesAnswer {
        machines = List.copyOf(machines);
    }
}
