package dispatcher.cli.settings.yaml;

import dispatcher.cli.terminal.UserFacingException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/// The settings file has faults: all of them, or the first [Faults#MOST].
public final class SettingsException extends UserFacingException {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // a List.copyOf, which is serializable
    private final List<Fault> faults;

    @SuppressWarnings("serial") // the same
    private final List<String> files;

    /// @param faults all, at least one
    /// @param files  what was read, or would have been if it were there
    public SettingsException(String file, List<Fault> faults, List<Path> files) {
        this(
                file,
                faults.size() == 1
                        ? "there is a fault in the settings"
                        : "there are %d faults in the settings".formatted(faults.size()),
                faults,
                files);
    }

    /// @param faults the first ones
    public SettingsException(String file, List<Fault> faults, List<Path> files, Faults.TooManyException more) {
        this(file, "there are %s in the settings; these are some of them".formatted(more.getMessage()), faults, files);
    }

    private SettingsException(String file, String what, List<Fault> faults, List<Path> files) {
        super(
                what,
                faults.stream().map(Fault::toString).collect(Collectors.joining("\n")),
                "correct %s; every key is explained in config/dispatcher.example.yaml".formatted(file));
        this.faults = List.copyOf(faults);
        this.files = files.stream().map(Path::toString).toList();
    }

    public List<Fault> faults() {
        return faults;
    }

    /// What was read, or would have been if it were there.
    public List<Path> files() {
        return files.stream().map(Path::of).toList();
    }
}
