package dispatcher.schedule.policy;

/// Who wants a build, as far as its turn depends on that.
///
/// @param name      those of one name share one share
/// @param priority  higher goes first, whatever the shares
/// @param maxBuilds of this client that run at once, at least 1
public record Client(String name, int priority, int maxBuilds) {
    /// An unknown client.
    public static final Client ANYBODY = new Client("", 0, Integer.MAX_VALUE);

    public Client {
        if (maxBuilds < 1) throw new IllegalArgumentException("maxBuilds " + maxBuilds + " of " + name + " is below 1");
    }
}
