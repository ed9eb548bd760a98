package dispatcher.cli.api;

/// That a machine gets no more builds, or gets them again.
///
/// @param machine its name in the settings
public record DrainRequest(String machine) {
    public static final String DRAIN_PATH = "/api/v1/drain";
    public static final String RESUME_PATH = "/api/v1/resume";
}
