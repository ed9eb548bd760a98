package dispatcher.simulate.model;

/// A client that asks for builds.
///
/// @param name        unique in the scenario
/// @param priority    higher goes first, where a policy knows of it
/// @param maxParallel builds that it asks for at once; the others wait with the client and count as not asked for
public record Client(String name, int priority, int maxParallel) {
    public Client {
        if (name.isBlank()) throw new IllegalArgumentException("a client has a name");
        if (maxParallel < 1) throw new IllegalArgumentException("client %s asks for nothing".formatted(name));
    }

    /// Asks for everything as soon as it can.
    public static Client of(String name) {
        return new Client(name, 0, Integer.MAX_VALUE);
    }
}
