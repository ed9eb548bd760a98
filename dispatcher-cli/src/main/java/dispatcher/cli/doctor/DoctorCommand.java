package dispatcher.cli.doctor;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.api.record.BuildsAnswer;
import dispatcher.cli.command.SettingsOption;
import dispatcher.cli.ping.MachineConnections;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.NoSettingsFileException;
import dispatcher.cli.terminal.Terminal;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.Machine;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `dispatcher doctor`: what is wrong, here and on the machines, and what to change.
@Command(
        name = "doctor",
        description = {
            "Look at Nix on this host, at the dispatcher here and at every machine, build once on each way, and say what to"
                    + " change.",
            "On a client's host, where there are no settings of a dispatcher, it looks at Nix only. As root it sees what"
                    + " the nix-daemon sees."
        },
        exitCodeListHeading = "Exit status:%n",
        exitCodeList = {
            "0:no fault was found; there may be warnings.",
            "1:there is a fault.",
            "2:wrong usage.",
        },
        mixinStandardHelpOptions = true)
public final class DoctorCommand implements Callable<Integer> {
    private static final long PROGRESS_AFTER = TimeUnit.SECONDS.toNanos(1);

    /// What can be looked at alone.
    enum Part {
        nix,
        dispatcher,
        machines
    }

    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOption settings;

    @Option(
            names = "--only",
            paramLabel = "PART",
            split = ",",
            description = "Look at these parts only: nix, dispatcher, machines.")
    private List<Part> only = List.of();

    @Option(names = "--no-build", description = "Build nothing.")
    private boolean noBuild;

    @Option(
            names = "--fix",
            description = "Put right what is ours: make missing directories, and close files that are open to others.")
    private boolean fix;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private final MachineConnections.Factory connections;
    private final Programs programs;

    public DoctorCommand(MachineConnections.Factory connections, Programs programs) {
        this.connections = connections;
        this.programs = programs;
    }

    @Override
    public Integer call() throws InterruptedException {
        var findings = new ArrayList<Finding>();
        var loaded = load(findings);
        if (wants(Part.nix))
            findings.addAll(new NixCheck(programs, System.getProperty("user.name"), loaded, name -> ranOn(loaded, name))
                    .findings(!noBuild));
        if (loaded.isPresent() && wants(Part.dispatcher))
            findings.addAll(new DispatcherCheck(loaded.get(), programs, fix).findings());
        if (loaded.isPresent() && wants(Part.machines)) findings.addAll(machines(loaded.get()));
        var report = DoctorReport.of(inParts(findings));
        var out = spec.commandLine().getOut();
        if (json) out.println(ApiJson.show(report));
        else report.lines(Terminal.out()).forEach(out::println);
        out.flush();
        return report.ok() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private boolean wants(Part part) {
        return only.isEmpty() || only.contains(part);
    }

    /// Without settings this is a client's host, and so where only Nix has machines and no dispatcher has run; faults
    /// in the settings are a finding.
    private Optional<Settings> load(List<Finding> findings) {
        try {
            var loaded = settings.load();
            if (loaded.isWritten() || Files.exists(loaded.state())) return Optional.of(loaded);
        } catch (NoSettingsFileException e) {
            // Said below.
        } catch (UserFacingException e) {
            findings.add(Finding.fault(DispatcherCheck.SUBJECT, "settings", e.why(), e.what(), e.next()));
            return Optional.empty();
        }
        findings.add(Finding.unknown(
                DispatcherCheck.SUBJECT,
                "settings",
                "there are none on this host, so no dispatcher is here",
                "nothing, if the dispatcher is on another host; else run `dispatcher init`"));
        return Optional.empty();
    }

    /// What belongs to one subject stands together.
    private static List<Finding> inParts(List<Finding> findings) {
        SequencedSet<String> subjects = new LinkedHashSet<>();
        findings.forEach(finding -> subjects.add(finding.subject()));
        return subjects.stream()
                .flatMap(subject ->
                        findings.stream().filter(finding -> finding.subject().equals(subject)))
                .toList();
    }

    private List<Finding> machines(Settings loaded) throws InterruptedException {
        var err = spec.commandLine().getErr();
        long start = System.nanoTime();
        boolean shown = Terminal.err().enabled();
        int all = loaded.machines().size();
        try (var open = connections.open(loaded)) {
            return new Doctor(new MachineCheck(loaded, open::to, !noBuild), done -> {
                        if (!shown || System.nanoTime() - start < PROGRESS_AFTER) return;
                        err.print("\rlooked at %d of %d machines%s".formatted(done, all, done == all ? "\n" : ""));
                        err.flush();
                    })
                    .findings(loaded.machines().stream()
                            .filter(DoctorCommand::isAlwaysOn)
                            .toList());
        }
    }

    /// A machine that is started for builds is left as it is; `dispatcher ping --start` is for it.
    private static boolean isAlwaysOn(Machine machine) {
        return machine.onDemand().isEmpty();
    }

    /// As the running dispatcher has it in its records.
    private static Optional<String> ranOn(Optional<Settings> loaded, String name) {
        try {
            return loaded.flatMap(it -> new ApiClient(it.controlSocket()).get(BuildsAnswer.PATH + "?name=" + name))
                    .flatMap(answer ->
                            answer.as(BuildsAnswer.class).builds().stream().findFirst())
                    .flatMap(build -> build.machine());
        } catch (UserFacingException e) {
            return Optional.empty();
        }
    }
}
