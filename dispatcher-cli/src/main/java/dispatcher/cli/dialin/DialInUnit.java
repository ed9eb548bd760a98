package dispatcher.cli.dialin;

import dispatcher.cli.settings.value.HostAndPort;
import java.util.ArrayList;
import java.util.List;

/// What keeps a machine connected to us: a unit of systemd or a daemon of launchd around `ssh -N -R`.
///
/// @param machine    its name
/// @param dispatcher our SSH server, as the machine knows it
/// @param hostKey    of our SSH server, `<type> <base 64>`
/// @param sshdPort   of the machine
/// @param keyFile    of the private key on the machine
record DialInUnit(String machine, HostAndPort dispatcher, String hostKey, int sshdPort, String keyFile) {
    /// Where launchd's jobs have their host key of ours.
    private static final String KNOWN_HOSTS = "/var/db/dispatcher-dial-in.known_hosts";

    private List<String> ssh(String knownHosts) {
        return List.of(
                "ssh",
                "-NT",
                "-F",
                "none",
                "-i",
                keyFile,
                "-o",
                "IdentitiesOnly=yes",
                "-o",
                "BatchMode=yes",
                "-o",
                "ExitOnForwardFailure=yes",
                "-o",
                "ConnectTimeout=15",
                "-o",
                "ServerAliveInterval=15",
                "-o",
                "ServerAliveCountMax=3",
                "-o",
                "StrictHostKeyChecking=yes",
                "-o",
                "UserKnownHostsFile=" + knownHosts,
                "-p",
                Integer.toString(dispatcher.port()),
                "-R",
                "0:localhost:" + sshdPort,
                "machine@" + dispatcher.host());
    }

    /// As ssh looks the key up.
    private String knownHostsLine() {
        String host = dispatcher.host();
        return (dispatcher.port() == 22 ? host : "[%s]:%d".formatted(host, dispatcher.port())) + " " + hostKey;
    }

    List<String> systemd() {
        var lines = new ArrayList<>(List.of(
                "# /etc/systemd/system/dispatcher-dial-in.service on the machine %s, which it keeps connected."
                        .formatted(machine),
                "# First, there:    ssh-keygen -q -t ed25519 -N '' -f %s".formatted(keyFile),
                "# In the settings: dialsIn of this machine is what is in %s.pub".formatted(keyFile),
                "# Then, there:     systemctl enable --now dispatcher-dial-in",
                "[Unit]",
                "Description=Connection of this machine to the Nix build dispatcher",
                "Wants=network-online.target",
                "After=network-online.target",
                "StartLimitIntervalSec=0",
                "",
                "[Service]",
                "RuntimeDirectory=dispatcher-dial-in",
                "ExecStartPre=/bin/sh -c 'echo \"%s\" > /run/dispatcher-dial-in/known_hosts'"
                        .formatted(knownHostsLine()),
                "ExecStart=/usr/bin/env " + String.join(" ", ssh("/run/dispatcher-dial-in/known_hosts")),
                "Restart=always",
                "RestartSec=5",
                "NoNewPrivileges=yes",
                "ProtectSystem=strict",
                "ProtectHome=yes",
                "PrivateTmp=yes",
                "",
                "[Install]",
                "WantedBy=multi-user.target"));
        return lines;
    }

    List<String> launchd() {
        var lines = new ArrayList<>(List.of(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
                "<!-- /Library/LaunchDaemons/dispatcher.dial-in.plist on the machine %s, which it keeps connected."
                        .formatted(machine),
                "     First, there, as root: ssh-keygen -q -t ed25519 -N '' -f %s".formatted(keyFile),
                "     In the settings:       dialsIn of this machine is what is in %s.pub".formatted(keyFile),
                "     Then, there, as root:  launchctl bootstrap system /Library/LaunchDaemons/dispatcher.dial-in.plist -->",
                "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">",
                "<plist version=\"1.0\">",
                "<dict>",
                "  <key>Label</key><string>dispatcher.dial-in</string>",
                "  <key>RunAtLoad</key><true/>",
                "  <key>KeepAlive</key><true/>",
                "  <key>ThrottleInterval</key><integer>5</integer>",
                "  <key>StandardErrorPath</key><string>/var/log/dispatcher-dial-in.log</string>",
                "  <key>ProgramArguments</key>",
                "  <array>",
                "    <string>/bin/sh</string>",
                "    <string>-c</string>",
                "    <string>echo \"%s\" &gt; %s; exec \"$@\"</string>".formatted(knownHostsLine(), KNOWN_HOSTS),
                "    <string>sh</string>"));
        for (var word : ssh(KNOWN_HOSTS)) lines.add("    <string>%s</string>".formatted(word));
        lines.addAll(List.of("  </array>", "</dict>", "</plist>"));
        return lines;
    }
}
