package dispatcher.ssh.client;

import dispatcher.machine.Choice;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// How machines are reached: files, limits and patience. Immutable; see [Builder] for what each value is.
public final class SshClientOptions {
    final List<Path> knownHosts;
    final List<Path> identities;
    final Optional<Path> agent;
    final Duration connectLimit;
    final Duration handshakeLimit;
    final Duration channelLimit;
    final Duration keepAlive;
    final int unansweredKeepAlives;
    final Duration writeStall;
    final Duration maxIdle;
    final Duration maxAge;
    final int maxSessions;
    final int maxHandshakes;
    final int windowBytes;
    final int errorBytes;
    final Choice compression;

    private SshClientOptions(Builder builder) {
        knownHosts = List.copyOf(builder.knownHosts);
        identities = List.copyOf(builder.identities);
        agent = builder.agent;
        connectLimit = positive("connectLimit", builder.connectLimit);
        handshakeLimit = positive("handshakeLimit", builder.handshakeLimit);
        channelLimit = positive("channelLimit", builder.channelLimit);
        keepAlive = positive("keepAlive", builder.keepAlive);
        unansweredKeepAlives = atLeastOne("unansweredKeepAlives", builder.unansweredKeepAlives);
        writeStall = positive("writeStall", builder.writeStall);
        maxIdle = positive("maxIdle", builder.maxIdle);
        maxAge = positive("maxAge", builder.maxAge);
        maxSessions = atLeastOne("maxSessions", builder.maxSessions);
        maxHandshakes = atLeastOne("maxHandshakes", builder.maxHandshakes);
        windowBytes = atLeastOne("windowBytes", builder.windowBytes);
        errorBytes = atLeastOne("errorBytes", builder.errorBytes);
        compression = builder.compression;
    }

    /// The options for a user whose home is `home`, with every limit at its default.
    public static Builder forHome(Path home) {
        return new Builder(home.resolve(".ssh"));
    }

    private static Duration positive(String name, Duration value) {
        if (!value.isPositive()) throw new IllegalArgumentException(name + " " + value + " is not positive");
        return value;
    }

    private static int atLeastOne(String name, int value) {
        if (value < 1) throw new IllegalArgumentException(name + " " + value + " is below 1");
        return value;
    }

    /// Collects options; confined to one thread.
    public static final class Builder {
        private List<Path> knownHosts;
        private List<Path> identities;
        private Optional<Path> agent = Optional.empty();
        private Duration connectLimit = Duration.ofSeconds(10);
        private Duration handshakeLimit = Duration.ofSeconds(20);
        private Duration channelLimit = Duration.ofSeconds(20);
        private Duration keepAlive = Duration.ofSeconds(10);
        private int unansweredKeepAlives = 3;
        private Duration writeStall = Duration.ofSeconds(60);
        private Duration maxIdle = Duration.ofMinutes(2);
        private Duration maxAge = Duration.ofHours(1);
        private int maxSessions = 10;
        private int maxHandshakes = 2;
        private int windowBytes = 4 << 20;
        private int errorBytes = 4 << 20;
        private Choice compression = Choice.AUTO;

        private Builder(Path dotSsh) {
            knownHosts = List.of(dotSsh.resolve("known_hosts"), Path.of("/etc/ssh/ssh_known_hosts"));
            identities = List.of(dotSsh.resolve("id_ed25519"), dotSsh.resolve("id_ecdsa"), dotSsh.resolve("id_rsa"));
        }

        /// Files in OpenSSH's known_hosts format; the first is named where a key has to be added. Need not exist.
        public Builder knownHosts(List<Path> files) {
            knownHosts = files;
            return this;
        }

        /// Private keys for machines that name none. Those that do not exist are passed over.
        public Builder identities(List<Path> files) {
            identities = files;
            return this;
        }

        /// The socket of an agent with keys; ssh_config may name another one for a host.
        public Builder agent(Optional<Path> socket) {
            agent = socket;
            return this;
        }

        /// For a TCP connection to each of a host's addresses.
        public Builder connectLimit(Duration limit) {
            connectLimit = limit;
            return this;
        }

        /// For key exchange and authentication together.
        public Builder handshakeLimit(Duration limit) {
            handshakeLimit = limit;
            return this;
        }

        /// For the host's word on a new channel.
        public Builder channelLimit(Duration limit) {
            channelLimit = limit;
            return this;
        }

        /// How often a connection is asked for a sign of life.
        public Builder keepAlive(Duration interval) {
            keepAlive = interval;
            return this;
        }

        /// After how many such questions in a row without an answer a connection is given up.
        public Builder unansweredKeepAlives(int count) {
            unansweredKeepAlives = count;
            return this;
        }

        /// How long a write may be without progress before the connection is given up.
        public Builder writeStall(Duration limit) {
            writeStall = limit;
            return this;
        }

        /// How long a connection without channels is kept.
        public Builder maxIdle(Duration limit) {
            maxIdle = limit;
            return this;
        }

        /// From what age on a connection gets no new channels; it is closed when the last one has gone.
        public Builder maxAge(Duration limit) {
            maxAge = limit;
            return this;
        }

        /// Channels at once on a connection, the server's `MaxSessions` at most. A server that takes fewer is
        /// noticed.
        public Builder maxSessions(int count) {
            maxSessions = count;
            return this;
        }

        /// Handshakes at once with a host, as servers drop some when there are many (`MaxStartups`).
        public Builder maxHandshakes(int count) {
            maxHandshakes = count;
            return this;
        }

        /// What a channel may hold of a program's output before it is read: memory against speed on far links.
        public Builder windowBytes(int bytes) {
            windowBytes = bytes;
            return this;
        }

        /// What is kept of a program's standard error before it is read; what is beyond is dropped with a note.
        public Builder errorBytes(int bytes) {
            errorBytes = bytes;
            return this;
        }

        /// Whether connections are compressed, both ways.
        public Builder compression(Choice wanted) {
            compression = wanted;
            return this;
        }

        public SshClientOptions build() {
            return new SshClientOptions(this);
        }
    }
}
