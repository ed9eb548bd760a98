package dispatcher.cli.settings.value;

import dispatcher.machine.file.StoreUri;
import java.util.regex.Pattern;

/// An address to listen at: `127.0.0.1:8080`, `0.0.0.0:22`, `[::1]:2222`, `localhost:80`.
///
/// @param host name or address, an IPv6 address without brackets
/// @param port 0 lets the system choose
public record HostAndPort(String host, int port) {
    private static final Pattern TEXT = Pattern.compile("(?:\\[([^\\]]+)]|([^:\\[\\]]+)):(\\d{1,5})");

    public HostAndPort {
        if (!StoreUri.isHost(host)) throw new IllegalArgumentException("'" + host + "' is no host name or address");
        if (port < 0 || port > 65_535) throw new IllegalArgumentException("port " + port + " is not in 0 … 65535");
    }

    /// @throws IllegalArgumentException if it is no such address, with a message for people
    public static HostAndPort parse(String text) {
        var matcher = TEXT.matcher(text);
        if (!matcher.matches())
            throw new IllegalArgumentException(
                    "'" + text + "' is no HOST:PORT; write e.g. 127.0.0.1:2222, 0.0.0.0:22 or [::1]:2222");
        var host = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
        return new HostAndPort(host, Integer.parseInt(matcher.group(3)));
    }

    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
