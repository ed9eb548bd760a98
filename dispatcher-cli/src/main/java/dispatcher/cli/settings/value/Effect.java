package dispatcher.cli.settings.value;

/// When another value of a key counts, once the running dispatcher has read it.
public enum Effect {
    AT_ONCE("at once"),
    NEW_BUILDS("for builds and decisions from then on"),
    NEW_CLIENTS("for clients that connect from then on"),
    /// For connections to machines that are made from then on, for which all are made anew.
    NEW_CONNECTIONS("for new connections; all machines get new ones"),
    RESTART("after a restart");

    private final String words;

    Effect(String words) {
        this.words = words;
    }

    /// For people.
    public String words() {
        return words;
    }
}
