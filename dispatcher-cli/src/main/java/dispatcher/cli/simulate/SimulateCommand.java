package dispatcher.cli.simulate;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.terminal.Terminal;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.simulate.Run;
import dispatcher.simulate.Simulation;
import dispatcher.simulate.chart.Gantt;
import dispatcher.simulate.figures.Figures;
import dispatcher.simulate.figures.LowerBound;
import dispatcher.simulate.generate.Mix;
import dispatcher.simulate.model.Plan;
import dispatcher.simulate.model.Scenario;
import dispatcher.simulate.policy.Policy;
import dispatcher.simulate.trace.TraceWriter;
import dispatcher.text.Spelling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// `dispatcher simulate`: what policies would make of the same builds.
@Command(
        name = "simulate",
        description = {
            "Let scheduling policies do the same builds on a virtual clock, and compare the results.",
            "The builds are those of traces, which `serve` records, or are generated."
        },
        mixinStandardHelpOptions = true)
public final class SimulateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "TRACE", arity = "0..*", description = "A recorded trace.")
    private List<Path> traces = List.of();

    @Option(
            names = "--generate",
            paramLabel = "KIND",
            description = "Generate a scenario: uniform, mixed-speeds, scarce-features, slow-links, two-tenants,"
                    + " dying-machines, graph, or debian:FILE for the dependencies in a Packages file.")
    private List<String> kinds = List.of();

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Of all chance. Default: 1.")
    private long seed;

    @Option(names = "--builds", paramLabel = "N", description = "How many builds are generated.")
    private Integer builds;

    @Option(
            names = "--machines",
            paramLabel = "MIX",
            converter = MixConverter.class,
            description = "Machines to generate, as COUNTxJOBS[@SPEED][+FEATURE...][~MBPS]; may be repeated.")
    private List<Mix> machines = List.of();

    @Option(
            names = "--policy",
            paramLabel = "NAME",
            split = ",",
            description = "Those to compare, with commas between them. Default: all.")
    private List<String> policies = Policy.words();

    @Option(names = "--json", description = "Print a JSON array with an object for each scenario.")
    private boolean json;

    @Option(names = "--svg", paramLabel = "FILE", description = "Draw who did what when. For one scenario.")
    private Path svg;

    @Option(names = "--write-trace", paramLabel = "FILE", description = "Write the scenario as a trace. For one.")
    private Path written;

    /// For the command line.
    static final class MixConverter implements ITypeConverter<Mix> {
        @Override
        public Mix convert(String text) {
            try {
                return Mix.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }

    @Override
    public Integer call() {
        var wanted = policies.stream().map(this::policy).distinct().toList();
        var scenarios = scenarios();
        var comparisons = new ArrayList<Comparison>();
        for (var scenario : scenarios) comparisons.add(compare(scenario, wanted));
        show(comparisons);
        return ExitCode.OK;
    }

    private Policy policy(String word) {
        return Policy.of(word)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(),
                        "there is no policy '%s'%s".formatted(word, Spelling.hint(word, Policy.words()))));
    }

    private List<Scenario> scenarios() {
        if (builds != null && builds < 1)
            throw new ParameterException(spec.commandLine(), "--builds %d is not above 0".formatted(builds));
        var source = new ScenarioSource(seed, builds == null ? OptionalInt.empty() : OptionalInt.of(builds), machines);
        var scenarios = new ArrayList<Scenario>();
        for (var trace : traces) scenarios.add(ScenarioSource.trace(trace));
        for (var kind : kinds) scenarios.add(source.generate(kind));
        if (scenarios.isEmpty())
            throw new ParameterException(spec.commandLine(), "nothing to simulate: name a trace, or --generate one");
        if (scenarios.size() > 1 && (svg != null || written != null))
            throw new ParameterException(
                    spec.commandLine(),
                    "--svg and --write-trace are for one scenario, not for %d".formatted(scenarios.size()));
        return scenarios;
    }

    private Comparison compare(Scenario scenario, List<Policy> wanted) {
        if (written != null)
            write(written, String.join("\n", TraceWriter.lines(scenario).toList()) + "\n");
        var plan = new Plan(scenario);
        var runs = wanted.stream().map(policy -> run(plan, policy)).toList();
        if (svg != null) write(svg, Gantt.of(runs));
        return new Comparison(
                scenario, LowerBound.of(plan), runs.stream().map(Figures::of).toList());
    }

    private Run run(Plan plan, Policy policy) {
        var progress = new Progress(spec.commandLine().getErr(), Terminal.err().enabled(), System::nanoTime);
        var what = "%s, %s".formatted(plan.scenario().name(), policy.word());
        var simulation = new Simulation(plan, policy.word(), situation -> policy.contestant(plan, situation, seed));
        while (simulation.step()) progress.show(what, simulation.ended(), plan.jobs());
        progress.end();
        return simulation.run();
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot write " + file, String.valueOf(e), "name a file in a directory that can be written to", e);
        }
    }

    private void show(List<Comparison> comparisons) {
        var out = spec.commandLine().getOut();
        if (json) {
            out.println(
                    ApiJson.show(comparisons.stream().map(Comparison::answer).toList()));
        } else {
            var gap = "";
            for (var comparison : comparisons) {
                out.print(gap);
                out.println(comparison.head());
                var lines = new ArrayList<>(comparison.lines());
                lines.set(0, Terminal.paint(Terminal.out(), Terminal.BOLD, lines.getFirst()));
                lines.forEach(out::println);
                gap = "\n";
            }
        }
        out.flush();
    }
}
