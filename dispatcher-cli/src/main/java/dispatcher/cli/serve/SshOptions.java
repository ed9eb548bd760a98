package dispatcher.cli.serve;

import dispatcher.cli.settings.Settings;
import dispatcher.machine.Machine;
import dispatcher.ssh.client.SshClientOptions;
import java.nio.file.Path;
import java.util.Optional;

/// How the settings want connections to a machine.
public final class SshOptions {
    private SshOptions() {}

    public static SshClientOptions of(Settings settings, Machine machine) {
        var ssh = settings.ssh();
        var timeouts = settings.timeouts();
        // The last question needs time for its answer within the silence too.
        var half = timeouts.silence().dividedBy(2);
        var keepAlive = ssh.keepAlive().compareTo(half) < 0 ? ssh.keepAlive() : half;
        long unanswered = timeouts.silence().dividedBy(keepAlive) - 1;
        return SshClientOptions.forHome(Path.of(System.getProperty("user.home")))
                .knownHosts(ssh.knownHosts())
                .agent(agent())
                .connectLimit(timeouts.connect())
                .handshakeLimit(timeouts.handshake())
                .channelLimit(timeouts.handshake())
                .keepAlive(keepAlive)
                .unansweredKeepAlives(Math.clamp(unanswered, 1, Integer.MAX_VALUE))
                .writeStall(timeouts.silence())
                .maxIdle(ssh.idle())
                .maxAge(ssh.maxAge())
                .maxSessions(ssh.maxSessions())
                .maxHandshakes(ssh.maxStarting())
                .compression(machine.compression())
                .build();
    }

    /// Of the user that runs us.
    private static Optional<Path> agent() {
        return Optional.ofNullable(System.getenv("SSH_AUTH_SOCK"))
                .filter(path -> !path.isBlank())
                .map(Path::of);
    }
}
