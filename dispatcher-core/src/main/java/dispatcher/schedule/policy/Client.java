package dispatcher.schedule.policy;

/// Who wants a build, as far as its turn depends on that.
///
/// @param name      those of one name share one share
/// @param priority  higher goes first, whatever the shares
/// @param maxBuilds of this client that run at once, at least 1
public record Client(String name, int priority, int maxBuilds) {
    /// An unknown client.
    public static final Client ANYBODY = new Client("", 0, Integer.MAX_VALUE);

    /// The priority of builds that somebody has raised; no client of the settings has as much.
    private static final int RAISED = 1_000_000;

    public Client {
        if (maxBuilds < 1) throw new IllegalArgumentException("maxBuilds " + maxBuilds + " of " + name + " is below 1");
    }

    /// The same for a build that somebody has raised: it goes before all priorities, and begins however many run.
    public Client raised() {
        return new Client(name, RAISED, Integer.MAX_VALUE);
    }

    public boolean isRaised() {
        return priority == RAISED;
    }
}
