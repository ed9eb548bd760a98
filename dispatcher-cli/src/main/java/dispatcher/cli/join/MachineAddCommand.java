package dispatcher.cli.join;

import dispatcher.cli.api.JoinRequest;
import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.NoSettingsFileException;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.file.StoreUri;
import dispatcher.nix.NixSyntaxException;
import dispatcher.text.Printable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `dispatcher machine add`: one more machine for the running dispatcher.
@Command(
        name = "add",
        description = {
            "Add a machine to the running dispatcher. It describes itself: systems, features, processors and memory are asked"
                    + " of it, unless they are given here.",
            "It stays until the dispatcher is started again; with --persist for good, by a file in machines.d beside the"
                    + " settings."
        },
        mixinStandardHelpOptions = true)
public final class MachineAddCommand extends ApiCommand {
    @Parameters(
            paramLabel = "[USER@]HOST[:PORT]",
            description = "How it is reached, by ssh-ng; ssh://… is the older protocol.")
    private String address = "";

    @Option(names = "--name", paramLabel = "NAME", description = "Shown everywhere. Default: the host.")
    private Optional<String> name = Optional.empty();

    @Option(names = "--persist", description = "Keep it over a restart.")
    private boolean persist;

    @Option(names = "--ssh-key", paramLabel = "FILE", description = "File of the private key, for the dispatcher.")
    private Optional<Path> sshKey = Optional.empty();

    @Option(names = "--host-key", paramLabel = "KEY", description = "The machine's host key. Default: known_hosts.")
    private Optional<String> hostKey = Optional.empty();

    @Option(names = "--systems", paramLabel = "SYSTEM", split = ",", description = "What it builds for.")
    private List<String> systems = List.of();

    @Option(names = "--features", paramLabel = "FEATURE", split = ",", description = "What builds may require of it.")
    private List<String> features = List.of();

    @Option(names = "--max-jobs", paramLabel = "N", description = "Builds at once.")
    private Optional<Integer> maxJobs = Optional.empty();

    @Override
    public Integer call() {
        var entry = entry();
        Settings settings;
        try {
            settings = settings();
        } catch (NoSettingsFileException e) {
            if (!persist) throw e;
            return write(entry, e.place());
        }
        var posted = dispatcher().post(JoinRequest.ADD_PATH, JoinRequest.of(entry, persist));
        if (posted.isEmpty() && persist) return write(entry, settings.file());
        var answer = needed(posted, "add " + Printable.line(address));
        show(answer, () -> lines(answer.printable(JoinRequest.Answer.class)));
        return ExitCode.OK;
    }

    /// Where no dispatcher runs, the next one finds the file.
    private int write(Map<String, Object> machine, Path settingsFile) {
        var entry = Entry.of(machine);
        var files =
                new MachineFile(Optional.ofNullable(settingsFile.getParent()).orElse(settingsFile));
        files.check(entry);
        var file = files.write(entry);
        var answer = ApiAnswer.of(new JoinRequest.Answer(entry.name(), List.of(), Optional.of(file.toString())));
        show(answer, () -> List.of("written: " + file, "no dispatcher runs; start one with `dispatcher serve`"));
        return ExitCode.OK;
    }

    private Map<String, Object> entry() {
        StoreUri uri;
        try {
            uri = StoreUri.parse(address.contains("://") ? address : "ssh-ng://" + address);
        } catch (NixSyntaxException e) {
            throw wrongUsage(String.valueOf(e.getMessage()), e);
        }
        if (!uri.parameters().isEmpty()) throw wrongUsage("an address has no parameters; see the options");
        var entry = new TreeMap<String, Object>();
        entry.put("hostName", uri.host());
        entry.put("protocol", uri.protocol().scheme());
        uri.user().ifPresent(user -> entry.put("sshUser", user));
        int port = uri.port().orElse(MachineAddress.SSH_PORT);
        if (port != MachineAddress.SSH_PORT) entry.put("port", port);
        name.ifPresent(text -> entry.put("name", text));
        sshKey.ifPresent(file -> entry.put("sshKey", file.toAbsolutePath().toString()));
        hostKey.ifPresent(key -> entry.put("publicHostKey", key));
        if (!systems.isEmpty()) entry.put("systems", systems);
        if (!features.isEmpty()) entry.put("supportedFeatures", features);
        maxJobs.ifPresent(jobs -> entry.put("maxJobs", jobs));
        return entry;
    }

    private List<String> lines(JoinRequest.Answer answer) {
        var lines = new ArrayList<>(answer.changes());
        lines.add(answer.file()
                .map("it stays over a restart: "::concat)
                .orElse("it stays until the dispatcher is started again; add it with --persist to keep it"));
        if (systems.isEmpty()) lines.add("see `dispatcher machines` for what it says of itself");
        return lines;
    }
}
