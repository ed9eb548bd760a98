package dispatcher.machine.file;

import dispatcher.machine.MachineProtocol;
import dispatcher.nix.NixSyntaxException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Where Nix finds the store of a machine: `[ssh://|ssh-ng://][user@]host[:port][?name=value[&name=value]…]`.
///
/// Without a scheme it is `ssh://`. An IPv6 address stands in brackets; without them it cannot have a port. User,
/// host and values may hold `%XX`. Source: Nix 2.34, `src/libstore/machines.cc` and `src/libutil/url.cc`.
///
/// @param parameters name to value, both decoded; of a name given twice the last value
public record StoreUri(
        MachineProtocol protocol,
        Optional<String> user,
        String host,
        OptionalInt port,
        SortedMap<String, String> parameters) {
    private static final String WHAT = "store URI of a machine";
    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://(.*)", Pattern.DOTALL);
    private static final Pattern NOT_A_HOST = Pattern.compile("auto|daemon|local");
    private static final Pattern USER = Pattern.compile("[^\\s@:/\\p{Cntrl}-][^\\s@:/\\p{Cntrl}]*");
    private static final Pattern HOST_NAME = Pattern.compile("[\\p{L}\\p{N}_][\\p{L}\\p{N}._-]*");
    /// Two colons at the least. Never goes back over what it has read, which takes long where there are many.
    private static final Pattern IPV6 = Pattern.compile("(?=[^:]*+:[^:]*+:)[0-9a-fA-F:.]++(%[\\w.-]++)?");

    public StoreUri {
        parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
    }

    /// @throws NixSyntaxException if it is no such URI, or one of a store that is not reached over SSH
    public static StoreUri parse(String text) {
        var scheme = SCHEME.matcher(text);
        if (scheme.matches()) return parse(text, protocol(text, scheme.group(1)), scheme.group(2));
        if (NOT_A_HOST.matcher(text.split("\\?", 2)[0]).matches())
            throw NixSyntaxException.of(WHAT, text, "it means the store of this host; a machine is ssh-ng://HOST");
        return parse(text, MachineProtocol.SSH, text);
    }

    private static MachineProtocol protocol(String text, String scheme) {
        for (var protocol : MachineProtocol.values()) {
            if (protocol.isOverSsh() && protocol.scheme().equals(scheme)) return protocol;
        }
        throw NixSyntaxException.of(
                WHAT, text, "machines are reached by ssh-ng:// or ssh://, and not by " + scheme + "://");
    }

    private static StoreUri parse(String text, MachineProtocol protocol, String rest) {
        if (rest.contains("#")) throw NixSyntaxException.of(WHAT, text, "it has a fragment (#)");
        int query = rest.indexOf('?');
        var authority = query < 0 ? rest : rest.substring(0, query);
        if (authority.contains("/"))
            throw NixSyntaxException.of(WHAT, text, "there is a / where only user, host and port are expected");
        int at = authority.lastIndexOf('@');
        var hostAndPort = authority.substring(at + 1);
        return new StoreUri(
                protocol,
                at < 0 ? Optional.empty() : Optional.of(user(text, authority.substring(0, at))),
                host(text, hostAndPort),
                port(text, hostAndPort),
                query < 0 ? Collections.emptySortedMap() : parameters(text, rest.substring(query + 1)));
    }

    private static String user(String text, String encoded) {
        var user = decode(text, encoded);
        if (user.contains(":")) throw NixSyntaxException.of(WHAT, text, "SSH takes no password from a URI");
        if (!USER.matcher(user).matches()) throw NixSyntaxException.of(WHAT, text, "there is no user before the @");
        return user;
    }

    private static String host(String text, String hostAndPort) {
        if (hostAndPort.startsWith("[")) {
            int end = hostAndPort.indexOf(']');
            if (end < 0) throw NixSyntaxException.of(WHAT, text, "there is no ] after [");
            return checkedHost(text, decode(text, hostAndPort.substring(1, end)));
        }
        boolean address = hostAndPort.indexOf(':') != hostAndPort.lastIndexOf(':');
        return checkedHost(
                text, decode(text, address ? hostAndPort : hostAndPort.split(":", 2)[0]));
    }

    private static String checkedHost(String text, String host) {
        if (host.isEmpty()) throw NixSyntaxException.of(WHAT, text, "the host is missing");
        if (!isHost(host)) throw NixSyntaxException.of(WHAT, text, "'" + host + "' is no host name or address");
        return host;
    }

    /// Whether the text is a host name, an IPv4 address or an IPv6 address without brackets.
    public static boolean isHost(String text) {
        return HOST_NAME.matcher(text).matches() || IPV6.matcher(text).matches();
    }

    private static OptionalInt port(String text, String hostAndPort) {
        int end = hostAndPort.startsWith("[") ? hostAndPort.indexOf(']') + 1 : hostAndPort.indexOf(':');
        boolean bareAddress = !hostAndPort.startsWith("[") && end != hostAndPort.lastIndexOf(':');
        if (end < 0 || end == hostAndPort.length() || bareAddress) return OptionalInt.empty();
        if (hostAndPort.charAt(end) != ':') throw NixSyntaxException.of(WHAT, text, "after ] comes only :port");
        var digits = hostAndPort.substring(end + 1);
        if (!digits.matches("\\d{1,5}") || Integer.parseInt(digits) < 1 || Integer.parseInt(digits) > 65_535)
            throw NixSyntaxException.of(WHAT, text, "'" + digits + "' is no port from 1 to 65535");
        return OptionalInt.of(Integer.parseInt(digits));
    }

    private static SortedMap<String, String> parameters(String text, String query) {
        var parameters = new TreeMap<String, String>();
        for (var pair : query.split("&")) {
            if (pair.isEmpty()) continue;
            int equals = pair.indexOf('=');
            if (equals < 1) throw NixSyntaxException.of(WHAT, text, "'" + pair + "' does not read name=value");
            parameters.put(decode(text, pair.substring(0, equals)), decode(text, pair.substring(equals + 1)));
        }
        return parameters;
    }

    private static String decode(String text, String encoded) {
        if (!encoded.contains("%")) return encoded;
        var bytes = new ByteArrayOutputStream(encoded.length());
        var source = encoded.getBytes(StandardCharsets.UTF_8);
        boolean isScope = isScope(encoded);
        for (int i = 0; i < source.length; i++) {
            if (source[i] != '%' || isScope) {
                bytes.write(source[i]);
                continue;
            }
            if (i + 2 >= source.length || !HexFormat.isHexDigit(source[i + 1]) || !HexFormat.isHexDigit(source[i + 2]))
                throw NixSyntaxException.of(WHAT, text, "% is not followed by two hexadecimal digits");
            bytes.write(HexFormat.fromHexDigits(new String(source, i + 1, 2, StandardCharsets.US_ASCII)));
            i += 2;
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /// `fe80::1%eth0`: in an address the % is commonly left bare, though `%25` is right.
    private static boolean isScope(String encoded) {
        return !encoded.contains("%25") && IPV6.matcher(encoded).matches();
    }
}
