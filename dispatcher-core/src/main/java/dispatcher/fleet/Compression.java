package dispatcher.fleet;

/// Whether what is sent to a machine and comes from it is compressed on the way.
public enum Compression {
    /// When the link has proved to be slower than we can compress.
    AUTO("auto"),
    /// Always.
    YES("yes"),
    /// Never.
    NO("no");

    private final String word;

    Compression(String word) {
        this.word = word;
    }

    /// As the settings spell it.
    public String word() {
        return word;
    }
}
