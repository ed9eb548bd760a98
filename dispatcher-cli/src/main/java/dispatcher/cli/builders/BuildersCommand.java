package dispatcher.cli.builders;

import dispatcher.access.MachineChoice;
import dispatcher.cli.api.ApiJson;
import dispatcher.cli.command.SettingsOption;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.state.StateDatabase;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.PublicHostKey;
import dispatcher.machine.file.StoreUri;
import dispatcher.machine.registry.Descriptions;
import dispatcher.nix.NixSyntaxException;
import dispatcher.text.Printable;
import dispatcher.text.Spelling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `dispatcher builders`: the line that makes Nix send its builds to us.
@Command(
        name = "builders",
        description = {
            "Print what Nix needs to know to send its builds here: the value of `builders` in nix.conf. Several lines"
                    + " go into a file, say /etc/nix/machines, and `builders` is @/etc/nix/machines.",
            "Without --ssh it is for Nix on this host, by way of the local socket."
        },
        mixinStandardHelpOptions = true)
public final class BuildersCommand implements Runnable {
    private static final String CANNOT_PRINT = "cannot print a line for Nix on this host";
    private static final Path COPY = Path.of("/usr/local/libexec/dispatcher-stdio");

    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOption settings;

    @Option(
            names = "--ssh",
            paramLabel = "HOST[:PORT]",
            description =
                    "For clients on other hosts, who know this one as HOST. Without PORT it is that of listen.ssh.")
    private Optional<String> ssh = Optional.empty();

    @Option(
            names = "--lines",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Print N entries that differ in nothing that matters, so that a client can send the inputs of N"
                            + " builds at once; Nix sends those of one at a time to each entry.")
    private int lines;

    @Option(
            names = "--shim",
            paramLabel = "FILE",
            description = "The copy of bin/dispatcher-stdio that Nix on this host is to run, if not the one of this"
                    + " installation. Only root should be able to change it.")
    private Optional<Path> shim = Optional.empty();

    @Option(
            names = "--machine",
            paramLabel = "NAME",
            description = "For builds that are to go to that machine of the settings, and to no other.")
    private Optional<String> machine = Optional.empty();

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private final HostKeySource hostKeys;

    public BuildersCommand(HostKeySource hostKeys) {
        this.hostKeys = hostKeys;
    }

    /// An entry's way to us.
    ///
    /// @param notes what the operator should know about it
    private record Way(String uri, Optional<PublicHostKey> hostKey, List<String> notes) {}

    /// What `--json` prints.
    private record Entries(
            String uri,
            Collection<String> systems,
            int maxJobs,
            Collection<String> supportedFeatures,
            Collection<String> mandatoryFeatures,
            String publicHostKey,
            List<String> entries) {}

    @Override
    public void run() {
        if (lines < 1 || lines > 1000) throw new ParameterException(spec.commandLine(), "--lines takes 1 to 1000");
        var loaded = settings.load();
        machine.ifPresent(name -> requireMachine(loaded, name));
        var way = ssh.isPresent() ? overSsh(loaded, ssh.get()) : local(loaded, shim, machine);
        var offer = offer(loaded, machine);
        var entries = BuildersLine.entries(way.uri(), offer, way.hostKey(), lines);
        var out = spec.commandLine().getOut();
        if (json) out.println(ApiJson.show(json(way, offer, entries)));
        else entries.forEach(out::println);
        out.flush();
        var err = spec.commandLine().getErr();
        way.notes().forEach(note -> err.println("note: " + Printable.lines(note)));
        err.flush();
    }

    /// The setting for the nix.conf of this host, or what to do to get it.
    public static String line(Settings settings) {
        try {
            var socket = settings.listen().socket().orElseThrow();
            var uri = new LocalShim(LocalShim.installed(), socket).storeUri(Optional.empty());
            return "builders = "
                    + BuildersLine.entries(uri, offer(settings, Optional.empty()), Optional.empty(), 1)
                            .getFirst();
        } catch (UserFacingException e) {
            return "what `dispatcher builders` prints once that is done: %s".formatted(e.next());
        }
    }

    /// The setting for the nix.conf of this host, for machines that have said what they build for.
    ///
    /// @param shim the program that Nix is to run, if not that of this installation
    /// @throws UserFacingException if there is no program that root may run, or the settings have no socket
    public static String line(Settings settings, Collection<Machine> machines, Optional<Path> shim) {
        var way = local(settings, shim, Optional.empty());
        return "builders = "
                + BuildersLine.entries(way.uri(), offer(machines, Optional.empty()), Optional.empty(), 1)
                        .getFirst();
    }

    private static Offer offer(Settings settings, Optional<String> machine) {
        List<Machine> machines;
        try (var state = StateDatabase.existingIn(settings.state())) {
            machines = Descriptions.applied(settings.machines(), state.descriptions()).stream()
                    .filter(each -> machine.isEmpty() || machine.get().equals(each.name()))
                    .filter(Machine::isDescribed)
                    .toList();
        }
        return offer(machines, machine);
    }

    private static Offer offer(Collection<Machine> machines, Optional<String> machine) {
        if (machines.isEmpty())
            throw new UserFacingException(
                    "there is nothing to offer yet",
                    "no machine has said what it builds for, and the settings do not say it",
                    "start `dispatcher serve`, see `dispatcher machines`, and run this again as the same user; or write"
                            + " `systems` into the entries of the machines");
        try {
            return Offer.of(machines);
        } catch (IllegalArgumentException e) {
            throw new UserFacingException(
                    "there is nothing to offer",
                    machine.map("machine %s has maxJobs 0"::formatted).orElse("every machine has maxJobs 0"),
                    machine.isPresent() ? "give it a maxJobs above 0" : "give one of them a maxJobs above 0",
                    e);
        }
    }

    /// @throws UserFacingException if there is no such machine, or its name cannot stand in an entry
    private void requireMachine(Settings settings, String name) {
        var names = settings.machines().stream().map(Machine::name).toList();
        if (!names.contains(name))
            throw new UserFacingException(
                    "there is no machine '%s'".formatted(Printable.line(name)),
                    "the settings in %s have none of that name%s"
                            .formatted(settings.file(), Spelling.hint(name, names)),
                    "name one of those that `dispatcher machines` shows");
        if (!MachineChoice.canBeNamed(name))
            throw new UserFacingException(
                    "cannot print a line for machine '%s'".formatted(name),
                    "its name has characters that mean something in a store URI or a shell; letters, digits and . _ - do not",
                    "give it a `name` in the settings, or set dispatcherMachine = \"%s\" in the derivation"
                            .formatted(name));
    }

    private static Way local(Settings settings, Optional<Path> shim, Optional<String> machine) {
        var socket = settings.listen()
                .socket()
                .orElseThrow(() -> new UserFacingException(
                        CANNOT_PRINT,
                        "the settings name no listen.socket",
                        "add listen.socket to %s, or name this host with --ssh".formatted(settings.file())));
        var program = shim.map(Path::toAbsolutePath).orElseGet(LocalShim::installed);
        if (!Files.isRegularFile(program) || !Files.isExecutable(program))
            throw new UserFacingException(
                    CANNOT_PRINT,
                    "%s is no file that can be run".formatted(program),
                    "name a copy of bin/dispatcher-stdio of this release with --shim");
        return new Way(new LocalShim(program, socket).storeUri(machine), Optional.empty(), shimNotes(program));
    }

    /// @throws UserFacingException if root asks, and others could change what root's Nix would run
    private static List<String> shimNotes(Path program) {
        try {
            var owners = ProgramOwners.ofThisProcess();
            var exposure = owners.exposure(program);
            if (exposure.isPresent() && owners.isRoot()) throw exposed(program, exposure.get());
            return exposure.or(() -> ProgramOwners.of(ProgramOwners.ROOT).exposure(program)).stream()
                    .map(found ->
                            "this line is not for a Nix daemon that runs as root: %s. As root, this command says what to do"
                                    .formatted(found.why()))
                    .toList();
        } catch (IOException e) {
            return List.of("whether others could change %s cannot be found out here (%s)".formatted(program, e));
        }
    }

    private static UserFacingException exposed(Path program, ProgramOwners.Exposure exposure) {
        return new UserFacingException(CANNOT_PRINT, """
                Nix would run %s as root, and %s:
                anyone who can change it there could become root""".formatted(program, exposure.why()), """
                chown root:root %s && chmod go-w %s; or copy the program to where only root can write:
                install -D -o root -g root -m 755 %s %s
                and run this again with --shim %s""".formatted(
                        exposure.place(), exposure.place(), program, COPY, COPY));
    }

    private Way overSsh(Settings settings, String host) {
        var listen = settings.listen()
                .ssh()
                .orElseThrow(() -> new UserFacingException(
                        "cannot print a line for other hosts",
                        "the settings name no listen.ssh",
                        "add listen.ssh, e.g. 0.0.0.0:2222, to %s".formatted(settings.file())));
        var uri = uri(host);
        int port = uri.port().orElse(listen.port());
        if (machine.isPresent() && uri.user().isPresent())
            throw new ParameterException(
                    spec.commandLine(),
                    "--machine needs the user name for itself; give --ssh without "
                            + uri.user().get());
        var user = machine.map(MachineChoice::login)
                .or(uri::user)
                .map(name -> name + "@")
                .orElse("");
        var bare = uri.host().contains(":") ? "[" + uri.host() + "]" : uri.host();
        var hostKey = PublicHostKey.parse(hostKeys.publicHostKeyLine(settings.hostKey()));
        if (port == MachineAddress.SSH_PORT)
            return new Way("ssh-ng://" + user + bare, Optional.of(hostKey), List.of(keyNote(uri.host(), hostKey)));
        return new Way(
                "ssh-ng://%s%s:%d".formatted(user, bare, port),
                Optional.of(hostKey),
                List.of(portNote(user, new HostAndPort(uri.host(), port)), keyNote("dispatcher", hostKey)));
    }

    private StoreUri uri(String host) {
        try {
            var uri = StoreUri.parse("ssh-ng://" + host);
            if (uri.parameters().isEmpty()) return uri;
        } catch (NixSyntaxException e) {
            throw new ParameterException(spec.commandLine(), "--ssh takes HOST or HOST:PORT, and not " + host, e);
        }
        throw new ParameterException(spec.commandLine(), "--ssh takes HOST or HOST:PORT, and not " + host);
    }

    private static String portNote(String user, HostAndPort address) {
        return """
                Nix older than 2.31 takes no port in the URI, and none looks up the host key by it. For these, write to
                the ssh_config of the user that the client's nix-daemon runs as (mostly /root/.ssh/config)

                    Host dispatcher
                        HostName %s
                        Port %d
                        HostKeyAlias dispatcher

                and put ssh-ng://%sdispatcher in the place of the URI above.""".formatted(address.host(), address.port(), user);
    }

    private static String keyNote(String host, PublicHostKey key) {
        return """
                builds need no more than that. For commands that take a store, such as `nix store ping` and `nix copy`,
                the known_hosts file of their user needs

                    %s %s
                """.formatted(host, key).stripTrailing();
    }

    private static Entries json(Way way, Offer offer, List<String> entries) {
        return new Entries(
                way.uri(),
                offer.systems(),
                offer.maxJobs(),
                offer.supportedFeatures(),
                offer.mandatoryFeatures(),
                way.hostKey().map(PublicHostKey::toString).orElse(""),
                entries);
    }
}
