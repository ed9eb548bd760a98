package dispatcher.cli.settings;

import dispatcher.cli.terminal.UserFacingException;
import java.util.List;
import java.util.stream.Collectors;

/// The settings file has faults: all of them.
public final class SettingsException extends UserFacingException {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // a List.copyOf, which is serializable
    private final List<Fault> faults;

    /// @param faults at least one
    SettingsException(String file, List<Fault> faults) {
        super(
                faults.size() == 1
                        ? "there is a fault in the settings"
                        : "there are %d faults in the settings".formatted(faults.size()),
                faults.stream().map(Fault::toString).collect(Collectors.joining("\n")),
                "correct %s; every key is explained in config/dispatcher.example.yaml".formatted(file));
        this.faults = List.copyOf(faults);
    }

    public List<Fault> faults() {
        return faults;
    }
}
