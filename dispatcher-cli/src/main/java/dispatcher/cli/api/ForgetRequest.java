package dispatcher.cli.api;

/// That what is known of a package is wrong from now on.
///
/// @param name of the package, such as `hello`
public record ForgetRequest(String name) {
    public static final String PATH = "/api/v1/history/forget";

    /// @param forgotten false: nothing was known of it
    public record Answer(boolean forgotten) {}
}
