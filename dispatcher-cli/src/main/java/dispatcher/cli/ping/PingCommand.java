package dispatcher.cli.ping;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.MachinePower;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.command.SettingsOption;
import dispatcher.cli.provider.MachineEngines;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.value.Durations;
import dispatcher.cli.terminal.ExitStatus;
import dispatcher.cli.terminal.Terminal;
import dispatcher.machine.Machine;
import dispatcher.machine.demand.MachinesOnDemand;
import dispatcher.machine.provider.Providers;
import dispatcher.text.Spelling;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// `dispatcher ping`: whether each machine can be used, and why not.
@Command(
        name = "ping",
        description = "Reach the machines, all at once, and compare what they offer with what the settings say.",
        exitCodeListHeading = "Exit status:%n",
        exitCodeList = {
            "0:all is well with all of them.",
            "1:something is wrong with one of them.",
            "2:wrong usage, or the settings have no such machine.",
            "4:not one of them can be used, so no build can be placed there."
        },
        mixinStandardHelpOptions = true)
public final class PingCommand implements Callable<Integer> {
    private static final Duration POLL = Duration.ofMillis(500);

    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOption settings;

    @Parameters(paramLabel = "MACHINE", arity = "0..*", description = "Names of machines. Without any: all.")
    private List<String> names = List.of();

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            converter = DurationConverter.class,
            description = "For each step: connecting, logging in, the greeting of Nix. Default: as the settings say.")
    private Optional<Duration> timeout = Optional.empty();

    @Option(
            names = "--start",
            description = "Start machines on demand that are off. Without it they are left so, and said to be off.")
    private boolean start;

    private final MachineConnections.Factory connections;

    public PingCommand(MachineConnections.Factory connections) {
        this.connections = connections;
    }

    /// For the command line.
    static final class DurationConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            try {
                return Durations.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        var loaded = settings.load();
        var limited = timeout.map(limit -> loaded.withTimeouts(loaded.timeouts().withLogin(limit)))
                .orElse(loaded);
        var machines = chosen(loaded);
        var providers = MachineEngines.ofSomeMachines(loaded.state());
        PingReport report;
        try (var open = connections.open(limited);
                var started = new MachinesOnDemand(InstantSource.system(), providers)) {
            if (start) startByDispatcher(loaded, machines);
            Function<Machine, Transport> ways = start
                    ? machine -> started.transport(machine, address -> open.to(machine.withAddress(address)))
                    : open::to;
            report = new PingReport(
                    new Pinger(ways, limited.timeouts().handshake(), machine -> !start && isOff(providers, machine))
                            .ping(machines),
                    names.isEmpty() ? loaded.notUsed() : List.of(),
                    ways(open, machines));
        }
        var out = spec.commandLine().getOut();
        if (json) out.println(ApiJson.show(PingJson.of(report)));
        else report.lines(Terminal.out()).forEach(out::println);
        if (!json && !loaded.warnings().isEmpty()) {
            out.println();
            out.println("probably not meant:");
            for (var warning : loaded.warnings()) out.println("  " + warning);
        }
        out.flush();
        if (report.allWell()) return ExitCode.OK;
        return report.noneUsable() ? ExitStatus.CANNOT_BE_PLACED : ExitCode.SOFTWARE;
    }

    private static SortedMap<String, List<String>> ways(MachineConnections open, List<Machine> machines) {
        var ways = new TreeMap<String, List<String>>();
        for (var machine : machines) ways.put(machine.name(), open.explain(machine));
        return ways;
    }

    private static boolean isOff(Providers providers, Machine machine) throws IOException, InterruptedException {
        return !providers.of(machine, _ -> {}).isRunning().orElse(true);
    }

    /// If a dispatcher runs, it starts them, and so stops them again when they are idle. Otherwise they stay on until
    /// the next dispatcher finds them.
    private static void startByDispatcher(Settings loaded, List<Machine> machines) throws InterruptedException {
        var dispatcher = new ApiClient(loaded.controlSocket());
        for (var machine : machines) {
            if (machine.onDemand().isEmpty()) continue;
            var path = MachinePower.pathOf(MachinePower.START_PATH, machine.name());
            if (dispatcher.post(path, Map.of()).isEmpty()) return;
        }
        for (var machine : machines)
            while (machine.onDemand().isPresent() && isStarting(dispatcher, machine)) Thread.sleep(POLL);
    }

    private static boolean isStarting(ApiClient dispatcher, Machine machine) {
        return dispatcher
                .get(MachinePower.pathOf(MachinePower.STATUS_PATH, machine.name()))
                .flatMap(answer -> answer.as(MachinePower.class).onDemand())
                .filter(it -> it.state().equals("starting") || it.state().equals("stopping"))
                .isPresent();
    }

    private List<Machine> chosen(Settings loaded) {
        if (names.isEmpty()) return loaded.machines();
        var known = loaded.machines().stream().map(Machine::name).toList();
        var chosen = new ArrayList<Machine>();
        for (var name : names) {
            int index = known.indexOf(name);
            if (index < 0)
                throw new ParameterException(
                        spec.commandLine(),
                        "%s has no machine %s%s".formatted(loaded.file(), name, Spelling.hint(name, known)));
            chosen.add(loaded.machines().get(index));
        }
        return chosen;
    }
}
