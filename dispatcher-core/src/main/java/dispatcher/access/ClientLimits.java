package dispatcher.access;

import java.time.Duration;

/// How much clients may take of what all share.
///
/// @param connections           at once, for each way in (SSH, the local socket)
/// @param connectionsPerAddress of those, from one address; from one network of 64 bits with IPv6
/// @param connectionsPerKey     of those, with one key or by one local user
/// @param channelsPerConnection conversations at once on one SSH connection
/// @param loggingIn             connections at once, for each way in, that have not logged in yet
/// @param loggingInPerAddress   of those, from one address or by one local user
/// @param loginTime             for a client to log in, or to begin on the local socket
/// @param failedLogins          from one address in a short time before only few at once may log in from there
/// @param requestBytes          of one request, without the NARs that come with it
/// @param requestsPerSecond     with one key or by one local user; what is more has to wait
/// @param logBytes              of one build
public record ClientLimits(
        int connections,
        int connectionsPerAddress,
        int connectionsPerKey,
        int channelsPerConnection,
        int loggingIn,
        int loggingInPerAddress,
        Duration loginTime,
        int failedLogins,
        long requestBytes,
        int requestsPerSecond,
        long logBytes) {
    /// Roomy for many busy CI coordinators, each of which has a connection for each of its builds.
    public static final ClientLimits DEFAULT =
            new ClientLimits(2000, 1500, 1500, 64, 400, 200, Duration.ofSeconds(30), 10, 64 << 20, 5000, 1L << 30);

    public ClientLimits {
        requirePositive("connections", connections);
        requirePositive("connectionsPerAddress", connectionsPerAddress);
        requirePositive("connectionsPerKey", connectionsPerKey);
        requirePositive("channelsPerConnection", channelsPerConnection);
        requirePositive("loggingIn", loggingIn);
        requirePositive("loggingInPerAddress", loggingInPerAddress);
        requirePositive("loginTime", loginTime.toNanos());
        requirePositive("failedLogins", failedLogins);
        requirePositive("requestBytes", requestBytes);
        requirePositive("requestsPerSecond", requestsPerSecond);
        requirePositive("logBytes", logBytes);
    }

    private static void requirePositive(String name, long value) {
        if (value < 1) throw new IllegalArgumentException("%s is %d, not above 0".formatted(name, value));
    }
}
