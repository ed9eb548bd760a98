package dispatcher.testkit;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The walls between packages. Each module's `ArchitectureTest` checks all rules on all of our classes that it can
/// see.
///
/// Dependencies run from a layer to itself or to any layer below it, and no packages form a circle. Third-party
/// types stop at the door of their module.
public final class ArchitectureRules {

    /// A layer and its packages. The order of [#LAYERS] is from the bottom to the top.
    private record Layer(String name, List<String> packages) {

        Layer(String name, String... packages) {
            this(name, List.of(packages));
        }
    }

    private static final List<Layer> LAYERS = List.of(
            new Layer("values", "dispatcher.nix..", "dispatcher.text.."),
            new Layer("tools", "dispatcher.state..", "dispatcher.secret..", "dispatcher.thread.."),
            new Layer("wire", "dispatcher.wire.."),
            new Layer(
                    "contracts",
                    "dispatcher.store",
                    "dispatcher.machine",
                    "dispatcher.machine.file..",
                    "dispatcher.access.."),
            new Layer("graphs", "dispatcher.graph.."),
            new Layer("protocols", "dispatcher.protocol..", "dispatcher.event.."),
            new Layer(
                    "adapters",
                    "dispatcher.store.*..",
                    "dispatcher.ssh..",
                    "dispatcher.history..",
                    "dispatcher.machine.load..",
                    "dispatcher.machine.probe..",
                    "dispatcher.machine.link..",
                    "dispatcher.machine.provider..",
                    "dispatcher.machine.demand.."),
            new Layer("scheduling", "dispatcher.schedule.."),
            new Layer("registry", "dispatcher.machine.registry.."),
            new Layer("builds", "dispatcher.build.."),
            new Layer("sessions", "dispatcher.session..", "dispatcher.simulate..", "dispatcher.record.."),
            new Layer("program", "dispatcher.cli.."));

    private static final int MOST_MUTUAL = 4;

    private static final int MOST_FILES = 22;

    private ArchitectureRules() {}

    /// Our product classes on the class path: no tests, no test kit.
    public static JavaClasses productClasses() {
        return new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .withImportOption(location -> !location.contains("-tests.jar"))
                .importPackages("dispatcher");
    }

    /// Every rule; each describes itself with its reason.
    public static Stream<ArchRule> all() {
        return Stream.of(
                        arrowsRunDownwards(),
                        everyClassIsInALayer(),
                        packagesAreFreeOfCircles(),
                        classesFormNoKnots(),
                        packagesAreSmall(),
                        valuesDoNoInputOrOutput(),
                        scheduleSeesNoProtocol(),
                        onlyTheHostStoreSpeaksAProtocol(),
                        only("dispatcher.graph..", "org.jgrapht..", "org.jheaps..", "org.apfloat.."),
                        only("dispatcher.ssh..", "org.apache.sshd..", "org.bouncycastle.."),
                        only("dispatcher.cli..", "picocli..", "org.apache.logging.."),
                        jsonIsForFormats(),
                        only("dispatcher.cli.state..", "java.sql..", "org.flywaydb..", "org.sqlite.."),
                        only("dispatcher.cli.otlp..", "io.opentelemetry.."),
                        only("dispatcher.cli.provider..", "com.github.dockerjava.."),
                        only("dispatcher.cli.top..", "org.jline.."),
                        onlyWebServersSpeakHttp())
                .map(rule -> rule.allowEmptyShould(true));
    }

    private static ArchRule arrowsRunDownwards() {
        LayeredArchitecture rule =
                layeredArchitecture().consideringOnlyDependenciesInLayers().withOptionalLayers(true);
        for (Layer layer : LAYERS) {
            rule = rule.layer(layer.name()).definedBy(layer.packages().toArray(String[]::new));
        }
        for (int i = 0; i < LAYERS.size(); i++) {
            String[] below = LAYERS.subList(0, i).stream().map(Layer::name).toArray(String[]::new);
            rule = below.length == 0
                    ? rule.whereLayer(LAYERS.get(i).name()).mayNotAccessAnyLayer()
                    : rule.whereLayer(LAYERS.get(i).name()).mayOnlyAccessLayers(below);
        }
        return rule.because("arrows run downwards only");
    }

    private static ArchRule everyClassIsInALayer() {
        List<String> packages = new ArrayList<>();
        LAYERS.forEach(layer -> packages.addAll(layer.packages()));
        return classes()
                .that(resideInAPackage("dispatcher.."))
                .should()
                .resideInAnyPackage(packages.toArray(String[]::new))
                .because("a package outside of all layers escapes the rules");
    }

    private static ArchRule packagesAreFreeOfCircles() {
        return slices().matching("dispatcher.(**)")
                .should()
                .beFreeOfCycles()
                .because("packages in a circle can only be read as one");
    }

    private static ArchRule classesFormNoKnots() {
        return classes()
                .should(PackageSizes.haveNoKnotOfMoreThan(MOST_MUTUAL))
                .because("classes that depend on each other mutually can only be read as one");
    }

    private static ArchRule packagesAreSmall() {
        return classes()
                .should(PackageSizes.haveNoMoreFilesThan(MOST_FILES))
                .because("what is in a package is looked for in a list that can be taken in at once");
    }

    private static ArchRule valuesDoNoInputOrOutput() {
        return noClasses()
                .that(resideInAPackage("dispatcher.nix.."))
                .should()
                .dependOnClassesThat(resideInAnyPackage("java.net..", "java.nio.file..", "java.nio.channels..")
                        .or(type(Thread.class)))
                .because("Nix values do no I/O and start no thread");
    }

    private static ArchRule scheduleSeesNoProtocol() {
        return noClasses()
                .that(resideInAPackage("dispatcher.schedule.."))
                .should()
                .dependOnClassesThat(resideInAPackage("dispatcher.protocol.."))
                .because("the scheduler decides on values, and their carrier does not matter");
    }

    private static ArchRule onlyTheHostStoreSpeaksAProtocol() {
        return noClasses()
                .that(resideInAPackage("dispatcher.store..").and(resideOutsideOfPackages("dispatcher.store.host..")))
                .should()
                .dependOnClassesThat(resideInAPackage("dispatcher.protocol.."))
                .because("no store knows who asks");
    }

    private static ArchRule jsonIsForFormats() {
        return noClasses()
                .that(resideOutsideOfPackages("dispatcher.nix..", "dispatcher.simulate.trace..", "dispatcher.cli.."))
                .should()
                .dependOnClassesThat(resideInAPackage("com.fasterxml.."))
                .because("JSON is read and written where a format is, and values go on from there");
    }

    private static ArchRule onlyWebServersSpeakHttp() {
        return noClasses()
                .that(resideOutsideOfPackages("dispatcher.cli.api.http..", "dispatcher.cli.web.."))
                .should()
                .dependOnClassesThat(resideInAPackage("io.helidon.."))
                .because("third-party types stop at the door of their module");
    }

    private static ArchRule only(String ours, String... theirs) {
        return noClasses()
                .that(resideOutsideOfPackages(ours))
                .should()
                .dependOnClassesThat(resideInAnyPackage(theirs))
                .because("third-party types stop at the door of their module");
    }
}
