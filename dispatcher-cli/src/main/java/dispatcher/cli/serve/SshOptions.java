package dispatcher.cli.serve;

import dispatcher.cli.settings.Settings;
import dispatcher.ssh.SshClientOptions;
import java.nio.file.Path;

/// How the settings want connections to machines.
public final class SshOptions {
    private SshOptions() {}

    public static SshClientOptions of(Settings settings) {
        var ssh = settings.ssh();
        return SshClientOptions.forHome(Path.of(System.getProperty("user.home")))
                .knownHosts(ssh.knownHosts())
                .connectLimit(settings.timeouts().connect())
                .handshakeLimit(settings.timeouts().connect())
                .keepAlive(ssh.keepAlive())
                .maxIdle(ssh.idle())
                .maxAge(ssh.maxAge())
                .maxSessions(ssh.maxSessions())
                .maxHandshakes(ssh.maxStarting())
                .build();
    }
}
