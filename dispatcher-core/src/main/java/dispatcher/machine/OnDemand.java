package dispatcher.machine;

import java.time.Duration;
import java.util.Optional;

/// That a machine is started before builds and stopped when nobody needs it, as the settings say it.
///
/// @param bootTimeout above zero; from the start until it answers over SSH
/// @param idleAfter   above zero; how long nobody uses it before it is stopped
/// @param pool        whose machine it is, if it is one of several that come and go with the queue
public record OnDemand(Provider provider, Duration bootTimeout, Duration idleAfter, Optional<Pool.Member> pool) {
    public static final Duration DEFAULT_BOOT_TIMEOUT = Duration.ofMinutes(2);
    public static final Duration DEFAULT_IDLE_AFTER = Duration.ofMinutes(10);

    public OnDemand {
        if (!bootTimeout.isPositive()) throw new IllegalArgumentException("bootTimeout " + bootTimeout);
        if (!idleAfter.isPositive()) throw new IllegalArgumentException("idleAfter " + idleAfter);
    }

    /// One that belongs to no pool.
    public OnDemand(Provider provider, Duration bootTimeout, Duration idleAfter) {
        this(provider, bootTimeout, idleAfter, Optional.empty());
    }

    public OnDemand in(Pool.Member member) {
        return new OnDemand(provider, bootTimeout, idleAfter, Optional.of(member));
    }

    /// What starts and stops it. Two that are equal start the same machine in the same way.
    public sealed interface Provider {}

    /// Commands for `/bin/sh -c` on the dispatcher's host.
    ///
    /// @param stop    if the machine does not stop by itself
    /// @param status  exit status 0 if it runs
    /// @param address prints `HOST` or `HOST:PORT`, where it is reached now
    /// @param list    prints the names of machines that run, one a line
    public record Commands(
            String start,
            Optional<String> stop,
            Optional<String> status,
            Optional<String> address,
            Optional<String> list)
            implements Provider {
        /// Commands of which none lists machines.
        public Commands(String start, Optional<String> stop, Optional<String> status, Optional<String> address) {
            this(start, stop, status, address, Optional.empty());
        }

        public Commands {
            if (start.isBlank()) throw new IllegalArgumentException("a machine on demand has a start command");
        }

        @Override
        public String toString() {
            return "command '%s'".formatted(start);
        }
    }

    /// A unit of the systemd of the dispatcher's host.
    public record Systemd(String unit) implements Provider {
        public Systemd {
            if (unit.isBlank() || unit.startsWith("-"))
                throw new IllegalArgumentException("'%s' is no name of a unit".formatted(unit));
        }

        @Override
        public String toString() {
            return "systemd unit " + unit;
        }
    }

    /// A magic packet.
    ///
    /// @param broadcast name or address that it is sent to
    public record WakeOnLan(MacAddress mac, String broadcast, int port) implements Provider {
        public static final int DEFAULT_PORT = 9;
        public static final String DEFAULT_BROADCAST = "255.255.255.255";

        public WakeOnLan {
            if (port < 1 || port > 65_535)
                throw new IllegalArgumentException("port %d is not in 1 … 65535".formatted(port));
        }

        @Override
        public String toString() {
            return "Wake-on-LAN to " + mac;
        }
    }
}
