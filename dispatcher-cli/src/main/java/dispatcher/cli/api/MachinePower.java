package dispatcher.cli.api;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// Whether one machine is on: what is asked and answered.
///
/// @param name     in the settings
/// @param now      from which the times in it are counted
/// @param onDemand absent if the machine is always on
public record MachinePower(String name, Instant now, Optional<MachineAnswer.OnDemand> onDemand) {
    /// The parameter of all paths.
    public static final String NAME = "name";

    public static final String STATUS_PATH = MachinesAnswer.PATH + "/{name}/status";
    public static final String START_PATH = MachinesAnswer.PATH + "/{name}/start";
    public static final String STOP_PATH = MachinesAnswer.PATH + "/{name}/stop";
    public static final String RESTART_PATH = MachinesAnswer.PATH + "/{name}/restart";
    public static final String LOGS_PATH = MachinesAnswer.PATH + "/{name}/logs";

    public static final String RESIZE_PATH = MachinesAnswer.PATH + "/{name}/resize";

    /// What another size is asked for with; what is absent is as in the settings.
    ///
    /// @param memory bytes
    /// @param disk   bytes
    public record Size(Optional<Double> cores, Optional<Long> memory, Optional<Long> disk) {}

    /// One of these paths for a machine.
    public static String pathOf(String path, String machine) {
        var encoded = URLEncoder.encode(machine, StandardCharsets.UTF_8).replace("+", "%20");
        return path.replace("{name}", encoded);
    }

    /// What happened to a machine on demand lately, with what its commands printed.
    ///
    /// @param lines   the oldest first; the latest ones only
    /// @param printed by the machine itself, as far as what starts it keeps that; the oldest first
    public record Log(String name, List<Line> lines, List<String> printed) {
        public Log {
            lines = List.copyOf(lines);
            printed = List.copyOf(printed);
        }
    }

    public record Line(Instant at, String text) {}
}
