package dispatcher.cli.settings.file;

import dispatcher.cli.terminal.UserFacingException;
import java.nio.file.Path;

/// There is no settings file, and no machine that could be used without one.
public final class NoSettingsFileException extends UserFacingException {
    private static final long serialVersionUID = 1L;

    private final transient Path place;

    /// @param place of the settings file that would count, beside which `machines.d` is read
    NoSettingsFileException(String why, String next, Path place) {
        super("there is no settings file", why, next);
        this.place = place;
    }

    public Path place() {
        return place;
    }
}
