package dispatcher.cli.dialin;

import dispatcher.cli.builders.HostKeySource;
import dispatcher.cli.command.SettingsOption;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.Machine;
import dispatcher.text.Spelling;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `dispatcher machine unit`.
@Command(
        name = "unit",
        description = {
            "Print the systemd unit that keeps a machine connected to this dispatcher, for machines that cannot be reached"
                    + " from here.",
            "Its entry in the settings has the machine's public key as `dialsIn`."
        },
        mixinStandardHelpOptions = true)
public final class MachineUnitCommand implements Runnable {
    private static final String CANNOT = "cannot print a unit";

    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOption settings;

    @Parameters(paramLabel = "MACHINE", description = "Its name.")
    private String name;

    @Option(names = "--launchd", description = "Print a property list for launchd (macOS) instead.")
    private boolean launchd;

    @Option(
            names = "--dispatcher",
            paramLabel = "HOST[:PORT]",
            description = "This host as the machine knows it. Default: its name, and the port of listen.ssh.")
    private Optional<String> dispatcher = Optional.empty();

    @Option(
            names = "--sshd-port",
            paramLabel = "PORT",
            defaultValue = "22",
            description = "Of the machine's sshd. Default: 22.")
    private int sshdPort;

    @Option(
            names = "--key",
            paramLabel = "FILE",
            defaultValue = "/etc/dispatcher-dial-in_ed25519",
            description = "The private key on the machine. Default: ${DEFAULT-VALUE}.")
    private String key;

    private final HostKeySource hostKeys;

    public MachineUnitCommand(HostKeySource hostKeys) {
        this.hostKeys = hostKeys;
    }

    @Override
    public void run() {
        var loaded = settings.load();
        var known = loaded.machines().stream().map(Machine::name).toList();
        if (!known.contains(name))
            throw new ParameterException(
                    spec.commandLine(),
                    "%s has no machine %s%s".formatted(loaded.file(), name, Spelling.hint(name, known)));
        var listen = loaded.listen()
                .ssh()
                .orElseThrow(() -> new UserFacingException(
                        CANNOT,
                        "there is no SSH server of ours that the machine could connect to",
                        "set listen.ssh in %s, such as 0.0.0.0:2222".formatted(loaded.file())));
        var unit = new DialInUnit(
                name, address(listen), hostKeys.publicHostKeyLine(loaded.hostKey()), sshdPort, plain(key));
        var out = spec.commandLine().getOut();
        (launchd ? unit.launchd() : unit.systemd()).forEach(out::println);
        out.flush();
        if (loaded.machines()
                .get(known.indexOf(name))
                .address()
                .reach()
                .dialsIn()
                .isEmpty()) {
            spec.commandLine()
                    .getErr()
                    .println("note: %s has no dialsIn in %s yet, so its key is not let in"
                            .formatted(name, loaded.file()));
            spec.commandLine().getErr().flush();
        }
    }

    private HostAndPort address(HostAndPort listen) {
        try {
            var text = dispatcher.orElseGet(MachineUnitCommand::ownName);
            return text.matches(".*:\\d+") && (text.startsWith("[") || text.indexOf(':') == text.lastIndexOf(':'))
                    ? HostAndPort.parse(text)
                    : new HostAndPort(plain(text), listen.port());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--dispatcher: " + e.getMessage(), e);
        }
    }

    /// These words stand in units without quotes.
    private String plain(String word) {
        if (word.matches("[A-Za-z0-9_./:\\[\\]-]+")) return word;
        throw new ParameterException(spec.commandLine(), "'%s' has a character that would need quotes".formatted(word));
    }

    private static String ownName() {
        try {
            return InetAddress.getLocalHost().getCanonicalHostName();
        } catch (UnknownHostException e) {
            throw new UserFacingException(
                    CANNOT, "this host does not know its name", "give it as --dispatcher HOST", e);
        }
    }
}
