package dispatcher.cli.api;

import java.util.Optional;

/// That a machine gets no more builds, or gets them again.
///
/// @param machine its name in the settings
/// @param note    why, for those who look at the machine later; one line
/// @param by      who does it, if the way that the request comes does not say so
public record DrainRequest(String machine, Optional<String> note, Optional<String> by) {
    public static final String DRAIN_PATH = "/api/v1/drain";
    public static final String RESUME_PATH = "/api/v1/resume";

    /// One that says nothing else.
    public static DrainRequest of(String machine) {
        return new DrainRequest(machine, Optional.empty(), Optional.empty());
    }
}
