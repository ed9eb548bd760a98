package dispatcher.ssh.tunnel;

/// What a channel for a tunnel is to lead to.
///
/// @param type `direct-tcpip`, or `forwarded-tcpip` where the other side has asked for it
/// @param host as the other side is to understand it
public record TunnelTarget(String type, String host, int port) {
    /// A host that the other side is to connect to.
    public static TunnelTarget beyond(String host, int port) {
        return new TunnelTarget("direct-tcpip", host, port);
    }

    /// What the other side has asked us to forward from its name for an address here, and port.
    public static TunnelTarget forwarded(String host, int port) {
        return new TunnelTarget("forwarded-tcpip", host, port);
    }
}
