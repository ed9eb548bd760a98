package dispatcher.ssh.client;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.Reach;
import dispatcher.ssh.config.Asked;
import dispatcher.ssh.config.HostSettings;
import dispatcher.ssh.config.SshConfig;
import dispatcher.ssh.keys.KeySearch;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Finds where a connection to a machine goes: what the machine's settings leave open is as ssh_config says, which is
/// read each time.
final class Targets {
    private static final int MOST_JUMPS = 8;
    private static final Pattern JUMP = Pattern.compile(
            "(?:ssh://)?(?:(?<user>[^@/]+)@)?(?:\\[(?<six>[^]]+)\\]|(?<host>[^:/\\[\\]]+))(?::(?<port>\\d{1,5}))?/?");

    private final List<Path> files;
    private final SshClientOptions options;

    private Targets(List<Path> files, SshClientOptions options) {
        this.files = files;
        this.options = options;
    }

    /// @throws UnreachableException if the way there makes no sense
    static Target of(MachineAddress address, SshClientOptions options) throws UnreachableException {
        Reach reach = address.reach();
        Targets targets = new Targets(reach.sshConfig(), options);
        HostSettings said = settingsOf(address);
        MachineAddress there = new MachineAddress(
                said.host(),
                said.port().orElse(address.port()),
                said.user().orElse(address.user()),
                address.keyFile(),
                address.publicHostKey(),
                reach);
        return targets.target(there, said, options.identities, targets.jumps(address, said, 0));
    }

    /// What ssh_config says of a machine.
    static HostSettings settingsOf(MachineAddress address) {
        Reach reach = address.reach();
        return SshConfig.lookUp(
                reach.sshConfig(),
                Asked.byUs(
                        address.host(),
                        reach.statesUser() ? Optional.of(address.user()) : Optional.empty(),
                        reach.statesPort() ? Optional.of(address.port()) : Optional.empty()));
    }

    private Target target(MachineAddress address, HostSettings said, List<Path> usual, List<Target> jumps) {
        List<Path> known = new ArrayList<>(said.knownHosts());
        options.knownHosts.stream().filter(file -> !known.contains(file)).forEach(known::add);
        return new Target(
                address,
                new KeySearch.Sources(
                        said.identityFiles(), usual, said.certificates(), agent(said), !said.identitiesOnly()),
                new Target.HostKeyName(
                        said.hostKeyAlias().orElse(address.host()),
                        // An alias is looked up without a port, as by OpenSSH.
                        said.hostKeyAlias().isPresent() ? MachineAddress.SSH_PORT : address.port(),
                        known),
                jumps,
                said);
    }

    private Optional<Path> agent(HostSettings said) {
        String wanted = said.agent().orElse("SSH_AUTH_SOCK");
        if (wanted.equals("none")) return Optional.empty();
        if (wanted.equals("SSH_AUTH_SOCK")) return options.agent;
        if (wanted.startsWith("$"))
            return Optional.ofNullable(System.getenv(wanted.replaceAll("[${}]", "")))
                    .filter(path -> !path.isBlank())
                    .map(Path::of);
        return Optional.of(Path.of(wanted));
    }

    /// The hosts to go through, each with its own settings. The first one may itself be behind others, as with `ssh`.
    private List<Target> jumps(MachineAddress machine, HostSettings said, int before) throws UnreachableException {
        List<Target> jumps = new ArrayList<>();
        for (String written : said.jumps()) {
            if (before + jumps.size() >= MOST_JUMPS)
                throw new UnreachableException(
                        Kind.NO_ROUTE,
                        "the way to %s goes through more than %d hosts".formatted(machine, MOST_JUMPS),
                        "see whether the ProxyJump lines of ssh_config lead in a circle: " + said.explained());
            jumps.addAll(jump(machine, written, said, jumps.isEmpty(), before + jumps.size()));
        }
        return jumps;
    }

    private List<Target> jump(MachineAddress machine, String written, HostSettings from, boolean first, int before)
            throws UnreachableException {
        Matcher parts = JUMP.matcher(written);
        int port = 0;
        if (parts.matches())
            port = parts.group("port") == null ? MachineAddress.SSH_PORT : Integer.parseInt(parts.group("port"));
        if (port < 1 || port > 65_535)
            throw new UnreachableException(
                    Kind.UNKNOWN_HOST,
                    "the ProxyJump '%s' on the way to %s is no [user@]host[:port]".formatted(written, machine),
                    "correct it in ssh_config: " + from.explained());
        String name = parts.group("six") == null ? parts.group("host") : parts.group("six");
        Asked asked = Asked.byUs(
                name,
                Optional.ofNullable(parts.group("user")),
                parts.group("port") == null ? Optional.empty() : Optional.of(port));
        HostSettings said = SshConfig.lookUp(files, asked);
        MachineAddress there = new MachineAddress(
                said.host(),
                said.port().orElse(port),
                asked.user().or(said::user).orElse(asked.localUser()),
                Optional.empty(),
                Optional.empty(),
                new Reach(files, true, true, machine.reach().passphraseFile(), Optional.empty()));
        List<Target> way = new ArrayList<>(first ? jumps(there, said, before + 1) : List.of());
        List<Path> usual = new ArrayList<>(options.identities);
        // A service often has no other key.
        machine.keyFile().ifPresent(usual::add);
        way.add(target(there, said, usual, List.of()));
        return way;
    }
}
