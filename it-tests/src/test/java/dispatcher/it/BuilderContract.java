package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What any remote builder has to do, asked of the dispatcher by stock Nix. Each subclass is one [Combination] of
/// client, protocols and versions; all its tests share two machines, one dispatcher and one client, and build what
/// nobody built before.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class BuilderContract {

    private static final long BIG = 64L << 20;
    private static final String OTHER_SYSTEM = "riscv64-linux";
    private static final String OTHER_FEATURE = "time-travel";
    private static final Pattern DERIVATION = Pattern.compile("/nix/store/[a-z0-9]{32}-[^\\s'!]+\\.drv");

    private static final Pattern LEFT_OUT =
            Pattern.compile("dispatcher: (\\d+) lines of the log \\([^)]*\\) are left out here");

    private final Combination combination;
    private Installation installation;
    private Fleet fleet;
    private NixClient client;

    @RegisterExtension
    final AfterTestExecutionCallback showLog = context -> {
        if (context.getExecutionException().isPresent()) {
            System.err.println(
                    "the dispatcher's log:\n" + installation.dispatcher().log());
        }
    };

    BuilderContract(Combination combination) {
        this.combination = combination;
    }

    @BeforeAll
    void start() throws Exception {
        installation = Installation.start(combination);
        fleet = installation.fleet();
        client = installation.newClient();
    }

    @AfterAll
    void stop() throws IOException {
        if (installation != null) {
            installation.close();
        }
    }

    // ---- builds

    @Test
    void oneDerivation() throws Exception {
        String salt = NixClient.newSalt();
        String path = onlyLine(client.build("one", "salt", salt).orFail());

        assertThat(client.outside(path)).hasContent(salt + "\n");
        assertThat(holders(path)).hasSize(1);
    }

    @Test
    void graphWhoseDependenciesAreOnOtherMachines() throws Exception {
        String path = onlyLine(client.build("demo", "scale", "0.2").orFail());

        assertThat(names(client.outside(path))).hasSize(7);
        List<String> closure = client.run("nix-store", "--query", "--requisites", path)
                .orFail()
                .lines();
        assertThat(closure).hasSize(14);
        for (var machine : fleet.machines()) {
            assertThat(closure.stream().filter(machine::holds))
                    .as(
                            "paths on %s%n%s",
                            machine.name(), installation.dispatcher().log())
                    .isNotEmpty();
        }
    }

    @Test
    void fortyDerivationsThatAreReadyAtOnce() throws Exception {
        List<String> paths = client.build("trivial").orFail().lines();

        assertThat(paths)
                .hasSize(40)
                .allSatisfy(path -> assertThat(client.outside(path)).exists());
    }

    @Test
    void severalOutputs() throws Exception {
        String salt = NixClient.newSalt();
        List<String> paths = client.build("multi-output", "salt", salt).orFail().lines();

        assertThat(paths).hasSize(4);
        Path dev = client.outside(paths.get(1));
        assertThat(client.outside(paths.getFirst())).hasContent(salt + "\n");
        assertThat(dev.resolve("bin/tool")).isExecutable();
        assertThat(Files.readSymbolicLink(dev.resolve("link"))).isEqualTo(Path.of(paths.getFirst()));
        assertThat(client.outside(paths.get(2))).isEmptyDirectory();
        assertThat(client.outside(paths.get(3))).hasContent(salt + "\n");
        assertThat(client.run("nix-store", "--query", "--references", paths.get(1))
                        .orFail()
                        .lines())
                .contains(paths.getFirst());
    }

    @Test
    void structuredAttributes() throws Exception {
        String salt = NixClient.newSalt();
        String path = onlyLine(client.build("structured-attrs", "salt", salt).orFail());

        assertThat(client.outside(path))
                .content()
                .contains("\"numbers\":[1,2,3]")
                .contains(salt);
    }

    @Test
    void fixedOutputs() throws Exception {
        String salt = NixClient.newSalt();
        List<String> paths = client.build("fixed-output", "salt", salt).orFail().lines();

        assertThat(client.outside(paths.getFirst())).hasContent(salt);
        assertThat(client.outside(paths.get(1)).resolve("folder/file")).hasContent("text\n");
    }

    @Test
    void fixedOutputThatIsNotWhatItShouldBe() throws Exception {
        Result result = client.build("fixed-output", "wrong", "true");

        assertThat(result.exit()).isNotZero();
        assertThat(result.err())
                .contains("hash mismatch")
                .contains("specified:")
                .contains("got:");
    }

    @Test
    void floatingContentAddressedDerivations() throws Exception {
        String content = NixClient.newSalt();
        String path = onlyLine(client.build("floating-ca", "content", content).orFail());

        List<String> lines = Files.readAllLines(client.outside(path));
        assertThat(lines).hasSize(2).startsWith(content);
        assertThat(client.outside(lines.getLast())).hasContent(content + "\n");

        // Another derivation with the same result leads to the same path.
        assertThat(onlyLine(client.build("floating-ca", "content", content).orFail()))
                .isEqualTo(path);
    }

    @Test
    void failingBuild() throws Exception {
        String salt = NixClient.newSalt();
        Result result = client.build("failing", "salt", salt, "status", "7");

        assertThat(result.exit()).isNotZero();
        assertThat(result.err())
                .contains("line 1 of " + salt)
                .contains("giving up")
                .contains("failed with exit code 7");
        Matcher derivation = DERIVATION.matcher(result.err());
        assertThat(derivation.find()).isTrue();
        assertThat(client.run("nix", "log", derivation.group()).orFail().out())
                .contains("line 1 of %1$s\nline 2 of %1$s\nline 3 of %1$s\ngiving up\n".formatted(salt));
    }

    @Test
    void otherBuildsGoOnWhenOneFails() throws Exception {
        Result result =
                client.buildCommand("failing-chain").with("--keep-going").run();

        assertThat(result.exit()).isNotZero();
        assertThat(result.err()).contains("-bad.drv").contains("-dependent.drv");
        assertThat(names(client.outside("/nix/store")))
                .filteredOn(name -> name.endsWith("-good"))
                .hasSize(1);
    }

    // ---- logs

    @Test
    void logLinesAreShownAsTheyCome() throws Exception {
        String salt = NixClient.newSalt();
        Result result = nixBuild("noisy", "--argstr", "salt", salt, "--argstr", "n", "50", "-L")
                .run()
                .orFail();

        assertThat(result.err()).contains("noisy> line " + salt + " 1\n", "noisy> line " + salt + " 50\n");
    }

    /// Few lines, as the build hook of stock Nix now and then loses some of a thousand on their way to its parent.
    /// Colours depend on the protocol to the machine.
    @Test
    void keptLogIsThatOfAnyRemoteBuilder() throws Exception {
        assumeTrue(
                !combination.way().remote() || combination.way().worker(),
                "stock Nix itself is reached by the other ways");
        String[] salts = {NixClient.newSalt(), NixClient.newSalt()};
        Command stock = client.buildCommand("noisy", "salt", salts[0], "n", "100")
                .with("--builders", combination.way().worker() ? fleet.nixBuilders() : fleet.nixBuildersOverSsh());
        String expected = log(onlyLine(stock.run().orFail()));
        String found =
                log(onlyLine(client.build("noisy", "salt", salts[1], "n", "100").orFail()));

        assertThat(withoutColours(found.replace(salts[1], salts[0]))).isEqualTo(withoutColours(expected));
    }

    /// The result comes another way than the log over ssh://, and must not overtake it. What the dispatcher
    /// itself leaves out is said.
    @Test
    void longLogOfAFailedBuildIsThereToItsLastWord() throws Exception {
        assumeTrue(
                combination.way() != ClientWay.REMOTE_SSH_NG,
                "over ssh-ng:// and ssh, stock Nix drops what its parent does not read at once, whatever the builder is");
        String salt = NixClient.newSalt();
        Result result = nixBuild("long-log", "--argstr", "salt", salt, "--argstr", "n", "40000", "-L")
                .run();

        assertThat(result.exit()).isNotZero();
        assertThat(result.err()).contains("long-log> first words of " + salt + "\n");
        assertThat(result.err()).contains("long-log> halfway\n", "long-log> last words of " + salt + "\n");
        long shown = result.err()
                .lines()
                .filter(line -> line.startsWith("long-log> a line of the log"))
                .count();
        assertThat(shown + leftOut(result.err())).isEqualTo(40_000);
    }

    private static long leftOut(String log) {
        return LEFT_OUT.matcher(log)
                .results()
                .mapToLong(gap -> Long.parseLong(gap.group(1)))
                .sum();
    }

    /// Stock Nix loses all that comes after such a line when it goes through ssh-ng.
    @Test
    void linesThatAreNotUtf8DoNotEndTheLog() throws Exception {
        String path = onlyLine(client.build("noisy", "n", "1", "latin1", "yes").orFail());

        assertThat(log(path)).contains("latin1 ").endsWith("no end of line\n");
    }

    @Test
    void phases() throws Exception {
        assumeTrue(
                combination.machineProtocol().equals("ssh-ng"),
                "a machine that is reached over ssh:// tells no phases");
        Result result = nixBuild(
                        "phases", "--argstr", "salt", NixClient.newSalt(), "--log-format", "internal-json", "-v")
                .run()
                .orFail();

        assertThat(result.err()
                        .lines()
                        .filter(line -> line.contains("\"action\":\"result\"") && line.contains("\"type\":104")))
                .satisfiesExactly(
                        line -> assertThat(line).contains("unpackPhase"),
                        line -> assertThat(line).contains("buildPhase"),
                        line -> assertThat(line).contains("installPhase"));
        assertThat(result.err()).contains("now in installPhase");
    }

    // ---- what machines can do

    @Test
    void requiredFeatureThatTheMachinesHave() throws Exception {
        client.build("features", "features", "benchmark big-parallel").orFail();
    }

    @Test
    void requiredFeatureThatNoMachineHas() throws Exception {
        Result result = client.buildCommand("features", "features", OTHER_FEATURE)
                .with("--builders", installation.boastfulBuilders(OTHER_SYSTEM, OTHER_FEATURE))
                .run();

        assertThat(result.exit()).isNotZero();
        assertThat(result.err())
                .contains("no machine can build", "-features.drv", "builder-1: it lacks the feature " + OTHER_FEATURE)
                .contains("builder-2: it lacks the feature " + OTHER_FEATURE);
    }

    @Test
    void systemThatNoMachineHas() throws Exception {
        Result result = client.buildCommand("platform", "system", OTHER_SYSTEM)
                .with("--builders", installation.boastfulBuilders(OTHER_SYSTEM, OTHER_FEATURE))
                .run();

        assertThat(result.exit()).isNotZero();
        assertThat(result.err())
                .contains("no machine can build", "-platform.drv")
                .containsPattern("builder-1: it builds for \\S+, not for " + OTHER_SYSTEM)
                .containsPattern("builder-2: it builds for \\S+, not for " + OTHER_SYSTEM);
    }

    @Test
    void builtinDerivation() throws Exception {
        String salt = NixClient.newSalt();
        String path = onlyLine(client.buildCommand("builtin", "salt", salt)
                .with("--builders", installation.boastfulBuilders("builtin", OTHER_FEATURE))
                .run()
                .orFail());

        assertThat(Files.isSymbolicLink(client.outside(path).resolve("share"))).isTrue();
        assertThat(client.run("cat", path + "/share/text").orFail().out()).isEqualTo(salt + "\n");
    }

    // ---- paths

    @Test
    void hundredInputs() throws Exception {
        String path = onlyLine(client.build("wide").orFail());

        assertThat(Long.parseLong(Files.readString(client.outside(path)).strip()))
                .isGreaterThan(100 * 4096);
    }

    @Test
    void deepClosure() throws Exception {
        String path = onlyLine(client.build("closure").orFail());

        assertThat(client.run("nix-store", "--query", "--requisites", path)
                        .orFail()
                        .lines())
                .hasSize(20);
    }

    @Test
    void bigOutput() throws Exception {
        String path = onlyLine(
                client.build("big-output", "kind", "random", "megabytes", "64").orFail());

        assertThat(Files.size(client.outside(path))).isEqualTo(BIG);
        assertThat(Files.mismatch(client.outside(path), onDisk(holders(path).getFirst(), path)))
                .isEqualTo(-1);
    }

    @Test
    void bigInput() throws Exception {
        Path file = randomFile("big-input", BIG);
        String path =
                onlyLine(client.build("big-input", "file", file.toString()).orFail());

        assertThat(client.outside(path)).content().startsWith(BIG + "\n");
        Fleet.Machine machine = holders(path).getFirst();
        String source = client
                .run("nix-store", "--query", "--requisites", "--include-outputs", deriver(path))
                .orFail()
                .lines()
                .stream()
                .filter(candidate -> candidate.endsWith("-source"))
                .findFirst()
                .orElseThrow();
        assertThat(Files.mismatch(file, onDisk(machine, source))).isEqualTo(-1);
        Files.delete(file);
    }

    @Test
    void outputsAreThoseOfALocalBuild() throws Exception {
        NixClient local = installation.newClient();
        String salt = NixClient.newSalt();
        for (String graph : List.of("multi-output", "chain", "fixed-output")) {
            List<String> paths = client.build(graph, "salt", salt).orFail().lines();
            List<String> locally = local.buildCommand(graph, "salt", salt)
                    .with("--builders", "", "--max-jobs", 1)
                    .run()
                    .orFail()
                    .lines();
            assertThat(paths).isEqualTo(locally);
            assertThat(hashes(client, paths)).isEqualTo(hashes(local, paths));
        }
    }

    // ---- the dispatcher as a store

    @Test
    void clientsCanLookAtIt() throws Exception {
        String salt = NixClient.newSalt();
        List<String> paths =
                client.build("chain", "salt", salt, "n", "3").orFail().lines();
        String path = paths.getLast();
        List<String> closure = client.run("nix-store", "--query", "--requisites", path)
                .orFail()
                .lines();
        String store = installation.storeUri();

        client.run("nix", "store", "ping", "--store", store).orFail();
        client.run("nix", "copy", "--no-check-sigs", "--to", store, path).orFail();
        assertThat(client.run("nix", "path-info", "--store", store, "-r", path)
                        .orFail()
                        .lines())
                .containsExactlyInAnyOrderElementsOf(closure);
        assertThat(client.run("nix-store", "--store", store, "--query", "--references", path)
                        .orFail()
                        .lines())
                .isEqualTo(client.run("nix-store", "--query", "--references", path)
                        .orFail()
                        .lines());
        assertThat(client.run("nix-store", "--store", store, "--query", "--requisites", path)
                        .orFail()
                        .lines())
                .containsExactlyInAnyOrderElementsOf(closure);
        assertThat(client.run("nix-store", "--store", store, "--query", "--hash", path)
                        .orFail()
                        .out())
                .isEqualTo(client.run("nix-store", "--query", "--hash", path)
                        .orFail()
                        .out());
        client.run("nix", "store", "verify", "--no-trust", "--store", store, "-r", path)
                .orFail();

        NixClient other = installation.newClient();
        other.run("nix", "copy", "--no-check-sigs", "--from", store, path).orFail();
        assertThat(other.outside(path)).hasSameTextualContentAs(client.outside(path));
        other.run("nix-store", "--verify", "--check-contents").orFail();
    }

    @Test
    void closuresAreCopiedWithNixCopyClosure() throws Exception {
        List<String> paths = client.build("chain", "n", "3").orFail().lines();
        String path = paths.getLast();
        String host = installation.storeUri().replaceFirst("^[a-z-]+://", "");
        NixClient other = installation.newClient();

        client.run("nix-copy-closure", "--to", host, path).orFail();
        other.run("nix-copy-closure", "--from", host, path).orFail();

        assertThat(other.outside(path)).hasSameTextualContentAs(client.outside(path));
    }

    @Test
    void filesInPathsCanBeListedAndRead() throws Exception {
        assumeTrue(combination.way().worker(), "Nix has no such thing over ssh://");
        String salt = NixClient.newSalt();
        String path =
                client.build("multi-output", "salt", salt).orFail().lines().get(1);
        String store = installation.storeUri();
        client.run("nix", "copy", "--no-check-sigs", "--to", store, path).orFail();

        assertThat(client.run("nix", "store", "ls", "--store", store, "-R", path)
                        .orFail()
                        .lines())
                .contains("./bin/tool", "./link");
        assertThat(client.run("nix", "store", "cat", "--store", store, path + "/bin/tool")
                        .orFail()
                        .out())
                .isEqualTo("#!/bin/sh\necho tool\n");
    }

    @Test
    void whatItDoesNotDoIsRefusedByName() throws Exception {
        assumeTrue(combination.way().worker(), "over ssh:// Nix refuses by itself");
        String store = installation.storeUri();
        refuses("CollectGarbage", "nix-store", "--store", store, "--gc");
        refuses("OptimiseStore", "nix-store", "--store", store, "--optimise");
        refuses("VerifyStore", "nix-store", "--store", store, "--verify");
        refuses("AddToStore", "nix-store", "--store", store, "--add", Checkout.graph("one"));
        refuses(
                "AddToStore",
                "nix-build",
                "--no-out-link",
                "--store",
                store,
                Checkout.graph("wide"),
                "--argstr",
                "salt",
                NixClient.newSalt());

        client.build("one").orFail();
    }

    private void refuses(String operation, Object... command) throws Exception {
        Result result = client.run(command);
        assertThat(result.exit()).as(result.toString()).isNotZero();
        assertThat(result.err()).contains(operation).contains("is not done by a build dispatcher");
    }

    // ---- helpers

    private static String onlyLine(Result result) {
        assertThat(result.lines()).as(result.toString()).hasSize(1);
        return result.lines().getFirst();
    }

    private List<Fleet.Machine> holders(String path) {
        return fleet.machines().stream().filter(machine -> machine.holds(path)).toList();
    }

    private static Path onDisk(Fleet.Machine machine, String storePath) {
        return machine.nix().resolveSibling(storePath.substring(1));
    }

    private String log(String path) throws Exception {
        return client.run("nix", "log", path).orFail().out();
    }

    private static String withoutColours(String log) {
        return log.replaceAll("\033\\[[0-9]*m", "");
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        }
    }

    private static List<String> hashes(NixClient client, List<String> paths) throws Exception {
        return client.command("nix-store", "--query", "--hash")
                .with(paths.toArray())
                .run()
                .orFail()
                .lines();
    }

    private String deriver(String path) throws Exception {
        return onlyLine(client.run("nix-store", "--query", "--deriver", path).orFail());
    }

    /// The new command-line interface's `nix build`, which shows more of the log.
    private Command nixBuild(String graph, Object... arguments) {
        return client.command("nix", "build", "--no-link", "--max-jobs", 0, "--builders", installation.builders())
                .with("--impure", "-f", Checkout.graph(graph))
                .with(arguments);
    }

    private Path randomFile(String name, long bytes) throws IOException {
        byte[] piece = new byte[1 << 20];
        Random random = new Random(bytes);
        Path file = fleet.folder().resolve(name);
        try (var out = Files.newOutputStream(file)) {
            for (long left = bytes; left > 0; left -= piece.length) {
                random.nextBytes(piece);
                out.write(piece);
            }
        }
        return file;
    }
}
