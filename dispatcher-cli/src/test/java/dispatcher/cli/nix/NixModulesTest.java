package dispatcher.cli.nix;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dispatcher.cli.builders.BuildersCommand;
import dispatcher.cli.config.ConfigCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// The modules and the package in `config/nix`.
@Timeout(60)
class NixModulesTest {
    private static final String MACHINES = """
            [
              { hostName = "a"; protocol = "ssh-ng"; systems = [ "x86_64-linux" "i686-linux" ]; maxJobs = 8;
                supportedFeatures = [ "kvm" ]; sshUser = "nix"; sshKey = "/etc/dispatcher/id"; }
              { hostName = "b"; system = "aarch64-linux"; mandatoryFeatures = [ "benchmark" ]; speedFactor = 2; }
              { hostName = "c"; name = "third"; protocol = "ssh-ng"; resources = { memory = "64GiB"; }; }
              { hostName = "d"; system = "riscv64-linux"; maxJobs = 0; }
            ]""";

    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private static JsonNode nixos(String settings) throws IOException, InterruptedException {
        return ModuleEvaluation.of("nixos", "{ services.dispatcher = { enable = true; %s }; }".formatted(settings))
                .json();
    }

    private static JsonNode onlyMachines() throws IOException, InterruptedException {
        return nixos("machines = " + MACHINES + ";");
    }

    private String write(JsonNode evaluated) throws IOException {
        var file = directory.resolve("dispatcher.yaml");
        return Files.writeString(file, evaluated.get("settingsText").asText()).toString();
    }

    private int run(Object command, String... arguments) {
        return new CommandLine(command)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }

    @Test
    void withoutEnableNothingIsSet() throws Exception {
        var host = ModuleEvaluation.of("nixos", "{ }").json();

        assertThat(host.get("service").isNull()).isTrue();
        assertThat(host.get("etc")).isEmpty();
        assertThat(host.get("users").get("users")).isEmpty();
        assertThat(host.get("nix").get("distributedBuilds").asBoolean()).isFalse();
        assertThat(host.get("nix").get("settings")).isEmpty();
    }

    @Test
    void theProgramTakesTheSettingsFile() throws Exception {
        var host = nixos("""
                machines = %s;
                settings = {
                  listen.ssh = "[::]:2222";
                  spool.size = "100GiB";
                  maxAttempts = 4;
                  clients = [ { name = "others"; default = true; trusted = false; } ];
                };""".formatted(MACHINES));

        assertThat(host.get("failed")).isEmpty();
        assertThat(run(new ConfigCommand(), "check", write(host)))
                .as(err.toString())
                .isZero();
        assertThat(out.toString()).endsWith("dispatcher.yaml has no fault: 4 machines\n");
    }

    @Test
    void nixOnThisHostGetsTheLineThatTheProgramPrints() throws Exception {
        var program = Files.createDirectory(directory.resolve("bin")).resolve("dispatcher-stdio");
        Files.writeString(program, "#!/bin/sh\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        var host = nixos("""
                machines = %s;
                package = { type = "derivation"; outPath = "%s"; name = "dispatcher"; };
                """.formatted(MACHINES, directory));

        var nix = host.get("nix");
        assertThat(nix.get("distributedBuilds").asBoolean()).isTrue();
        assertThat(run(new BuildersCommand(_ -> ""), "--config", write(host), "--shim", program.toString()))
                .isZero();
        assertThat(out.toString().strip())
                .isEqualTo(nix.get("settings").get("builders").asText())
                .isEqualTo("ssh-ng://localhost?remote-program=%s%%20/run/dispatcher/dispatcher.sock".formatted(program)
                        + " aarch64-linux,i686-linux,x86_64-linux - 1000 1 benchmark,kvm - -");
    }

    @Test
    void theMachinesOfNixAreTakenOver() throws Exception {
        var host = ModuleEvaluation.of("nixos", """
                {
                  services.dispatcher.enable = true;
                  nix.buildMachines = [ { hostName = "old"; system = "x86_64-linux"; maxJobs = 200; } ];
                }""").json();

        assertThat(host.get("settingsText").asText())
                .contains("\"machines\":[{\"hostName\":\"old\"")
                .contains("\"maxJobs\":200");
        assertThat(host.get("nix").get("settings").get("builders").asText()).contains(" x86_64-linux - 2000 1 ");
    }

    @Test
    void theUnitIsTheOneThatComesWithTheProgram() throws Exception {
        var given = new TreeMap<String, List<String>>();
        boolean inService = false;
        for (var line : Files.readAllLines(Path.of("../config/dispatcher.service"))) {
            if (line.startsWith("[")) inService = line.equals("[Service]");
            else if (inService && line.contains("=") && !line.startsWith("#")) {
                var parts = line.split("=", 2);
                given.computeIfAbsent(parts[0], _ -> new ArrayList<>()).add(parts[1]);
            }
        }

        var service = onlyMachines().get("service");
        var made = new TreeMap<String, List<String>>();
        for (var entry : service.get("serviceConfig").properties()) {
            var values = new ArrayList<String>();
            if (entry.getValue().isArray()) entry.getValue().forEach(value -> values.add(value.asText()));
            else values.add(entry.getValue().asText());
            made.put(entry.getKey(), values);
        }

        assertThat(Objects.requireNonNull(made.remove("ExecStart")).getFirst())
                .endsWith("/bin/dispatcher serve --config /etc/dispatcher/dispatcher.yaml");
        assertThat(Objects.requireNonNull(made.remove("ExecReload")).getFirst()).contains("kill -HUP $MAINPID");
        assertThat(made.remove("ReadWritePaths")).isEmpty();
        given.keySet().removeAll(List.of("ExecStart", "ExecReload"));
        assertThat(made).isEqualTo(given);
        assertThat(service.get("wantedBy").get(0).asText()).isEqualTo("multi-user.target");
        assertThat(service.get("reloadTriggers").get(0).asText()).endsWith("dispatcher.yaml");
    }

    @Test
    void aStateElsewhereCanBeWritten() throws Exception {
        var host = nixos("""
                machines = %s; openFirewall = true;
                settings = { state = "/srv/d"; spool.path = "/big/spool"; listen.ssh = "0.0.0.0:2222"; };
                """.formatted(MACHINES));

        assertThat(host.get("service").get("serviceConfig").get("ReadWritePaths"))
                .map(JsonNode::asText)
                .containsExactly("/srv/d", "/big/spool");
        assertThat(host.get("networking").get("firewall").get("allowedTCPPorts"))
                .map(JsonNode::asInt)
                .containsExactly(2222);
    }

    @Test
    void theDaemonOfThisHostTrustsTheServiceThatBuildsThere() throws Exception {
        var host = nixos("""
                machines = [ { hostName = "here"; protocol = "local"; system = "x86_64-linux"; } ];""");

        assertThat(host.get("nix").get("settings").get("trusted-users"))
                .map(JsonNode::asText)
                .containsExactly("root", "dispatcher");
    }

    @Test
    void wrongValuesAreNamed() throws Exception {
        var wrong = Map.of(
                "machines = [ { system = \"x86_64-linux\"; } ];",
                "services.dispatcher.machines.\"[definition 1-entry 1]\".hostName' was accessed but has no value defined",
                "machines = [ { hostName = \"a\"; maxJobs = -1; } ];",
                "`services.dispatcher.machines.\"[definition 1-entry 1]\".maxJobs' is not of type `null or (unsigned integer, meaning >=0)'",
                "machines = [ { hostName = \"a\"; protocol = \"telnet\"; } ];",
                "protocol' is not of type `null or one of \"ssh\", \"ssh-ng\", \"local\"'",
                "machines = [ { hostName = \"a\"; sshKey = ./key; } ];",
                "sshKey' is not of type `null or string'",
                "settings.hostKey = ./key;",
                "settings.hostKey' is not of type `value of the settings file (paths as text, not as path literals)'",
                "machine = [ ];",
                "The option `services.dispatcher.machine' does not exist");
        for (var entry : wrong.entrySet()) {
            var said = ModuleEvaluation.of(
                    "nixos", "{ services.dispatcher = { enable = true; %s }; }".formatted(entry.getKey()));
            assertThat(said.succeeded()).as(entry.getKey()).isFalse();
            assertThat(said.plainErrors().replace("'", "").replace("`", "").replace("\"", ""))
                    .as(entry.getKey())
                    .contains(entry.getValue().replace("'", "").replace("`", "").replace("\"", ""));
        }
    }

    @Test
    void whatCannotWorkIsAFailedAssertion() throws Exception {
        assertThat(nixos("machines = [ { hostName = \"a\"; } ];").get("failed"))
                .map(JsonNode::asText)
                .singleElement()
                .asString()
                .startsWith("services.dispatcher.nixBuilder.systems: no machine names its system");
        assertThat(nixos("machines = [ { hostName = \"a\"; } ]; nixBuilder.systems = [ \"x86_64-linux\" ];")
                        .get("failed"))
                .isEmpty();
        assertThat(nixos("settings.listen.socket = null; machines = " + MACHINES + ";")
                        .get("failed"))
                .map(JsonNode::asText)
                .satisfiesExactly(
                        one -> assertThat(one).contains("socket or ssh is needed"),
                        two -> assertThat(two).contains("nixBuilder.enable = false"));
        assertThat(nixos("settings.machines = [ ]; openFirewall = true; machines = " + MACHINES + ";")
                        .get("failed"))
                .map(JsonNode::asText)
                .satisfiesExactlyInAnyOrder(
                        one -> assertThat(one).contains("as services.dispatcher.machines instead"),
                        two -> assertThat(two).contains("no port to open"));
        assertThat(nixos("settings.listen.socket = \"/run/a b\"; machines = " + MACHINES + ";")
                        .get("failed"))
                .map(JsonNode::asText)
                .singleElement()
                .asString()
                .contains("'/run/a b' is not an absolute path");
    }

    @Test
    void onDarwinItWorksBesideTheLinuxBuilder() throws Exception {
        // What nix-darwin's nix.linux-builder adds.
        var host = ModuleEvaluation.of("darwin", """
                {
                  services.dispatcher.enable = true;
                  nix.distributedBuilds = true;
                  nix.buildMachines = [
                    {
                      hostName = "linux-builder"; sshUser = "builder"; sshKey = "/etc/nix/builder_ed25519";
                      protocol = "ssh-ng"; systems = [ "aarch64-linux" ]; maxJobs = 4;
                      supportedFeatures = [ "kvm" "benchmark" "big-parallel" ];
                    }
                  ];
                }""").json();

        assertThat(host.get("failed")).isEmpty();
        assertThat(run(new ConfigCommand(), "check", write(host)))
                .as(err.toString())
                .isZero();
        assertThat(host.get("nix").get("settings").get("builders").asText())
                .contains("/bin/dispatcher-stdio%20/var/run/dispatcher/dispatcher.sock aarch64-linux - 1000 1 "
                        + "benchmark,big-parallel,kvm - -");
        var daemon = host.get("launchd").get("daemons").get("dispatcher").get("serviceConfig");
        assertThat(daemon.get("KeepAlive").asBoolean()).isTrue();
        assertThat(daemon.get("RunAtLoad").asBoolean()).isTrue();
        assertThat(daemon.get("Umask").asInt()).isEqualTo(0077);
        assertThat(daemon.get("ExitTimeOut").asInt()).isEqualTo(900);
        assertThat(daemon.get("StandardErrorPath").asText()).isEqualTo("/var/log/dispatcher.log");
        assertThat(daemon.get("ProgramArguments").get(2).asText())
                .isEqualTo("/bin/wait4path /nix/store && /bin/mkdir -p /var/lib/dispatcher /var/run/dispatcher && exec"
                        + " /nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-dispatcher-0.1.0/bin/dispatcher serve"
                        + " --config /etc/dispatcher/dispatcher.yaml");
    }

    @Test
    void thePackageHasThePrograms() throws Exception {
        var script = ModuleEvaluation.text("""
                ((import PROJECT/dispatcher-cli/src/test/nix/packages.nix { lib = import LIB; })
                  .callPackage PROJECT/config/nix/package.nix { }).installPhase""");
        var release = Files.createDirectories(directory.resolve("release"));
        Files.createDirectories(release.resolve("bin"));
        for (var name : List.of("dispatcher", "dispatcher-stdio"))
            Files.copy(
                    Path.of("src/main/dist/bin").resolve(name),
                    release.resolve("bin").resolve(name));
        Files.createDirectories(release.resolve("lib"));
        for (var name : List.of("dispatcher-cli.jar", "serve.aot", "libsqlitejdbc.so"))
            Files.createFile(release.resolve("lib").resolve(name));
        var installed = directory.resolve("installed");
        var builder = new ProcessBuilder("bash", "-euc", "runHook() { :; }\n" + script)
                .directory(release.toFile())
                .redirectErrorStream(true);
        builder.environment().put("out", installed.toString());
        var process = builder.start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(said).isZero();
        assertThat(installed.resolve("bin/dispatcher")).exists();
        assertThat(installed.resolve("lib/dispatcher-cli.jar")).exists();
        assertThat(installed.resolve("lib/libsqlitejdbc.so")).exists();
        assertThat(installed.resolve("lib/serve.aot")).doesNotExist();
        assertThat(Files.readSymbolicLink(installed.resolve("runtime")).toString())
                .endsWith("-jdk");
        assertThat(Files.readAllLines(installed.resolve("bin/dispatcher-stdio")))
                .startsWith(
                        "#!/bin/sh",
                        "PATH=/nix/store/ssssssssssssssssssssssssssssssss-socat/bin:"
                                + "/nix/store/cccccccccccccccccccccccccccccccc-coreutils/bin:$PATH");
    }

    @Test
    void theOptionsAreDocumentedAsTheyAre() throws Exception {
        var options = ModuleEvaluation.text("import PROJECT/config/nix/options-doc.nix { lib = LIB; }");

        assertThat(Files.readString(Path.of("../docs/NIXOS.md")))
                .as("docs/NIXOS.md says by which command its options are made")
                .endsWith("<!-- options -->\n\n" + options);
    }
}
