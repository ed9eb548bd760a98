package dispatcher.cli.init;

import dispatcher.cli.builders.BuildersCommand;
import dispatcher.cli.builders.HostKeySource;
import dispatcher.cli.doctor.Programs;
import dispatcher.cli.ping.MachineConnections;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.Machine;
import dispatcher.machine.PublicHostKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `dispatcher init`: settings, key, look, build, service, nix.conf, in this order. Nothing is kept unless the machines
/// have built.
@Command(
        name = "init",
        description = {
            "Set up a dispatcher on this host: make settings and a key, reach the machines, build once on each, start the"
                    + " service if it is installed, and print the lines for nix.conf.",
            "The machines are those named here, else those of /etc/nix/machines, else it asks for them. Without a terminal"
                    + " it asks nothing. Settings that are there already stay as they are."
        },
        exitCodeListHeading = "Exit status:%n",
        exitCodeList = {
            "0:the dispatcher is set up.",
            "1:it is not; no settings are written, and the key stays for the next attempt.",
            "2:wrong usage."
        },
        mixinStandardHelpOptions = true)
public final class InitCommand implements Callable<Integer> {
    private static final Path SETTINGS = Path.of("/etc/dispatcher/dispatcher.yaml");
    private static final Path NIX_MACHINES = Path.of("/etc/nix/machines");

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "[USER@]HOST[:PORT]", arity = "0..*", description = "Machines, reached by ssh-ng.")
    private List<String> addresses = List.of();

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "The settings to write. Default: /etc/dispatcher/dispatcher.yaml.")
    private Path config = SETTINGS;

    @Option(names = "--machines-file", paramLabel = "FILE", description = "Take the machines of this file of Nix's.")
    private Optional<Path> machinesFile = Optional.empty();

    @Option(
            names = "--build-machines",
            paramLabel = "FILE",
            description = "Take nix.buildMachines of NixOS, as JSON of `nix eval --json`.")
    private Optional<Path> buildMachines = Optional.empty();

    @Option(names = "--ssh-hosts", paramLabel = "FILE", description = "Take the hosts that this ssh_config names.")
    private Optional<Path> sshHosts = Optional.empty();

    @Option(
            names = "--key",
            paramLabel = "FILE",
            description =
                    "The private key for the machines; made if it is not there. Default: id_ed25519 beside the settings.")
    private Optional<Path> key = Optional.empty();

    @Option(
            names = "--copy-id",
            paramLabel = "[USER@]HOST[:PORT]",
            description = "A machine too; the key is put into its authorized_keys by this host's ssh. May be repeated.")
    private List<String> copies = List.of();

    @Option(names = "--identity", paramLabel = "FILE", description = "What ssh logs in with for --copy-id.")
    private Optional<Path> identity = Optional.empty();

    @Option(names = "--accept-host-keys", description = "Take the host keys that the machines show, without asking.")
    private boolean acceptHostKeys;

    @Option(
            names = "--socket",
            paramLabel = "FILE",
            defaultValue = "/run/dispatcher/dispatcher.sock",
            description = "Where Nix on this host comes in. Default: /run/dispatcher/dispatcher.sock.")
    private Path socket = Path.of("/run/dispatcher/dispatcher.sock");

    @Option(names = "--listen-ssh", paramLabel = "HOST:PORT", description = "Where Nix on other hosts comes in.")
    private Optional<String> listenSsh = Optional.empty();

    @Option(
            names = "--state",
            paramLabel = "DIRECTORY",
            defaultValue = "/var/lib/dispatcher",
            description = "What must outlive the program. Default: /var/lib/dispatcher.")
    private Path state = Path.of("/var/lib/dispatcher");

    @Option(names = "--shim", paramLabel = "FILE", description = "The program that Nix runs, as for `builders`.")
    private Optional<Path> shim = Optional.empty();

    @Option(names = "--nix-conf", paramLabel = "FILE", description = "With --write. Default: /etc/nix/nix.conf.")
    private Path nixConf = Path.of("/etc/nix/nix.conf");

    @Option(names = "--write", description = "Add the lines to nix.conf, and keep a copy of what it was.")
    private boolean write;

    @Option(names = "--no-start", description = "Do not start the service.")
    private boolean noStart;

    @Option(names = "--force", description = "Replace settings that are there already.")
    private boolean force;

    private final HostKeySource keys;
    private final MachineConnections.Factory connections;
    private final Programs programs;
    private final Asker asker;

    /// @param keys makes key files, and reads them
    public InitCommand(HostKeySource keys, MachineConnections.Factory connections, Programs programs, Asker asker) {
        this.keys = keys;
        this.connections = connections;
        this.programs = programs;
        this.asker = asker;
    }

    @Override
    public Integer call() throws InterruptedException {
        config = config.toAbsolutePath();
        if (Files.exists(config) && !force)
            throw new UserFacingException(
                    "there are settings already",
                    config + " exists",
                    "add machines with `dispatcher machine add --persist`, or replace it with --force");
        try (var made = new NewFiles()) {
            var keyFile = key.map(Path::toAbsolutePath).orElseGet(() -> config.resolveSibling("id_ed25519"));
            directory(config);
            var publicKey = keys.publicHostKeyLine(keyFile);
            say("key: " + keyFile);
            if (copies.isEmpty()) say("its line for authorized_keys of the machines: " + publicKey);
            var machines = confirmed(machines(keyFile), publicKey);
            var draft = new Draft(config, nixMachines(machines), sshConfig(), socket, listenSsh, state, machines);
            var half = draft.write(made);
            var trial = new Trial(connections, this::say);
            var usable = trial.run(draft.read(half), publicKey);
            draft.moveInPlace(half);
            made.keep();
            say("settings: " + config);
            finish(draft, usable);
        }
        return ExitCode.OK;
    }

    private void say(String line) {
        spec.commandLine().getOut().println(line);
        spec.commandLine().getOut().flush();
    }

    private static void directory(Path file) {
        try {
            Files.createDirectories(file.getParent());
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot make the directory of " + file,
                    e.toString(),
                    "run this as root, or name another --config",
                    e);
        }
    }

    /// What is named here; what Nix has already stays in its own file.
    private List<MachineEntry> machines(Path keyFile) {
        var machines = new ArrayList<MachineEntry>();
        for (var address : copies) machines.add(MachineEntry.of(address));
        for (var address : addresses) {
            var named = MachineEntry.of(address);
            if (machines.stream().noneMatch(named::isSameHost)) machines.add(named);
        }
        buildMachines.ifPresent(file -> machines.addAll(MachineSources.buildMachines(file)));
        sshHosts.ifPresent(file -> MachineSources.sshHosts(file)
                .forEach(host -> machines.add(
                        new MachineEntry(new LinkedHashMap<>(Map.of("hostName", host, "protocol", "ssh-ng"))))));
        if (machines.isEmpty() && nixMachines(machines).isEmpty()) ask(machines);
        if (machines.isEmpty() && nixMachines(machines).isEmpty())
            throw new UserFacingException(
                    "there is no machine",
                    "none is named, and %s has none".formatted(NIX_MACHINES),
                    "name one as USER@HOST, or with --copy-id USER@HOST, --machines-file, --build-machines or --ssh-hosts");
        return sshHosts.isPresent()
                ? machines
                : machines.stream().map(machine -> machine.withSshKey(keyFile)).toList();
    }

    private void ask(List<MachineEntry> machines) {
        while (true) {
            var answer = asker.ask("a machine as USER@HOST, or nothing if that is all:");
            if (answer.isEmpty() || answer.get().isEmpty()) return;
            machines.add(MachineEntry.of(answer.get()));
        }
    }

    private Optional<Path> nixMachines(List<MachineEntry> machines) {
        return machinesFile
                .map(Path::toAbsolutePath)
                .or(() -> Optional.of(NIX_MACHINES)
                        .filter(file -> machines.isEmpty() && MachineSources.hasEntries(file)));
    }

    private Optional<Path> sshConfig() {
        return sshHosts.map(Path::toAbsolutePath);
    }

    /// With the host keys that somebody has said are right; hosts of ssh_config have theirs in known_hosts.
    private List<MachineEntry> confirmed(List<MachineEntry> machines, String publicKey) throws InterruptedException {
        var scan = new HostKeyScan(programs, asker, acceptHostKeys);
        var confirmed = new ArrayList<MachineEntry>();
        for (var machine : machines) {
            if (machine.hasHostKey() || sshHosts.isPresent()) {
                confirmed.add(machine);
                continue;
            }
            var hostKey = scan.confirmed(machine);
            say("host key of %s: %s %s".formatted(machine.host(), hostKey.type(), hostKey.fingerprint()));
            confirmed.add(machine.withHostKey(hostKey.toString()));
        }
        copyKey(confirmed, publicKey);
        return confirmed;
    }

    private void copyKey(List<MachineEntry> machines, String publicKey) throws InterruptedException {
        var copy = new KeyCopy(programs, identity, Asker.isThere());
        for (var address : copies) {
            var wanted = MachineEntry.of(address);
            var login = wanted.user().map(user -> user + "@").orElse("") + wanted.host();
            var machine =
                    machines.stream().filter(wanted::isSameHost).findFirst().orElseThrow();
            copy.copy(
                    login,
                    wanted.port(),
                    PublicHostKey.parse(String.valueOf(machine.keys().get("publicHostKey"))),
                    publicKey);
            say("key installed: " + login);
        }
    }

    private void finish(Draft draft, List<Machine> usable) throws InterruptedException {
        if (!new Service(programs, this::say).start(!noStart, draft.settings(), key))
            say("start it: dispatcher serve --config " + config);
        List<String> lines;
        try {
            lines = List.of(BuildersCommand.line(draft.read(config), usable, shim), "builders-use-substitutes = true");
        } catch (UserFacingException e) {
            say("nix.conf: %s\n  next: %s, then `dispatcher builders`".formatted(e.why(), e.next()));
            if (write) throw e;
            return;
        }
        if (!write) {
            say("add to %s, and restart the nix-daemon:".formatted(nixConf));
            lines.forEach(line -> say("    " + line));
            return;
        }
        var backup = new NixConfFile(nixConf).write(lines);
        say(backup.map(file -> "written: %s; what it was is in %s; restart the nix-daemon".formatted(nixConf, file))
                .orElse(nixConf + " has the lines already"));
    }
}
