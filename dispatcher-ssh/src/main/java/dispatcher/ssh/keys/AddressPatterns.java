package dispatcher.ssh.keys;

import dispatcher.text.Wildcards;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// The addresses that `from=` in authorized_keys lets a key come in from.
///
/// Shapes: patterns joined by commas, each an address, a network (`10.0.0.0/8`), or an IPv4 address with `*` and
/// `?`; `!` before one excludes what it matches, wherever it stands. Names of hosts are not looked up here, as with
/// `UseDNS no`, OpenSSH's default, and so match nothing.
///
/// The SSH library (Apache MINA SSHD 2.20.0) leaves `from=` a text, and its patterns of hosts (`HostPatternsHolder`)
/// know no networks.
///
/// Source: OpenSSH, `match_host_and_ip` and `addr_match_list`.
public final class AddressPatterns {
    private static final Pattern PLAIN_IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern IPV4_WITH_WILDCARDS = Pattern.compile("[0-9.]*[*?][0-9.*?]*");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._*?-]+");

    private final String text;
    private final List<Item> items;
    private final List<String> hosts;

    /// @param excludes whether what it matches may not come in
    private record Item(boolean excludes, Matcher matcher) {}

    private interface Matcher {
        boolean matches(InetAddress address);
    }

    private AddressPatterns(String text, List<Item> items, List<String> hosts) {
        this.text = text;
        this.items = List.copyOf(items);
        this.hosts = List.copyOf(hosts);
    }

    /// @throws IllegalArgumentException if a pattern cannot be read, or no client could ever come in, or more could
    ///     than its writer meant
    static AddressPatterns parse(String text) {
        List<Item> items = new ArrayList<>();
        List<String> hosts = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            boolean excludes = part.startsWith("!");
            String pattern = excludes ? part.substring(1) : part;
            Optional<Matcher> matcher = matcher(pattern);
            if (matcher.isPresent()) items.add(new Item(excludes, matcher.get()));
            else if (excludes)
                throw new IllegalArgumentException(
                        "'%s' excludes a host by its name, which is not looked up here; write its address"
                                .formatted(part));
            else hosts.add(pattern);
        }
        if (items.stream().allMatch(Item::excludes))
            throw new IllegalArgumentException(
                    "'%s' lets no client in, as names of hosts are not looked up here; write addresses or networks, "
                                    .formatted(text)
                            + "such as 10.0.0.0/8");
        return new AddressPatterns(text, items, hosts);
    }

    /// Nothing if it is the name of a host.
    private static Optional<Matcher> matcher(String pattern) {
        if (pattern.contains("/")) return Optional.of(network(pattern));
        if (PLAIN_IPV4.matcher(pattern).matches() || pattern.contains(":")) {
            byte[] wanted = address(pattern, pattern).getAddress();
            return Optional.of(address -> Arrays.equals(address.getAddress(), wanted));
        }
        if (IPV4_WITH_WILDCARDS.matcher(pattern).matches())
            return Optional.of(address -> Wildcards.matchesGlob(pattern, address.getHostAddress()));
        if (HOST.matcher(pattern).matches()) return Optional.empty();
        throw new IllegalArgumentException("'%s' is neither an address nor a network".formatted(pattern));
    }

    private static Matcher network(String pattern) {
        int slash = pattern.indexOf('/');
        byte[] network = address(pattern.substring(0, slash), pattern).getAddress();
        String length = pattern.substring(slash + 1);
        int bits = length.matches("\\d{1,3}") ? Integer.parseInt(length) : Integer.MAX_VALUE;
        if (bits > network.length * Byte.SIZE)
            throw new IllegalArgumentException("'%s' is no network: '%s' is not a number of bits from 0 to %d"
                    .formatted(pattern, length, network.length * Byte.SIZE));
        if (!Arrays.equals(masked(network, bits), network))
            throw new IllegalArgumentException("'%s' is no network, as it has more than its first %d bits; write %s/%d"
                    .formatted(pattern, bits, text(masked(network, bits)), bits));
        return address -> {
            byte[] bytes = address.getAddress();
            return bytes.length == network.length && Arrays.equals(masked(bytes, bits), network);
        };
    }

    private static byte[] masked(byte[] address, int bits) {
        byte[] masked = address.clone();
        for (int i = 0; i < masked.length; i++) {
            int here = Math.clamp(bits - (long) i * Byte.SIZE, 0, Byte.SIZE);
            masked[i] &= (byte) (0xff << (Byte.SIZE - here));
        }
        return masked;
    }

    private static String text(byte[] address) {
        try {
            return InetAddress.getByAddress(address).getHostAddress();
        } catch (java.net.UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private static InetAddress address(String text, String pattern) {
        boolean plain = PLAIN_IPV4.matcher(text).matches() || text.matches("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");
        if (!plain)
            throw new IllegalArgumentException(
                    "'%s' is no address; of IPv6 write an address or a network, such as 2001:db8::/32"
                            .formatted(pattern));
        try {
            return InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'%s' is no address".formatted(pattern), e);
        }
    }

    boolean matches(InetAddress address) {
        InetAddress plain = withoutZone(address);
        if (items.stream().anyMatch(item -> item.excludes() && item.matcher().matches(plain))) return false;
        return items.stream()
                .anyMatch(item -> !item.excludes() && item.matcher().matches(plain));
    }

    private static InetAddress withoutZone(InetAddress address) {
        if (!(address instanceof Inet6Address)) return address;
        try {
            return InetAddress.getByAddress(address.getAddress());
        } catch (java.net.UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Patterns that are names of hosts and so match nothing.
    public List<String> hosts() {
        return hosts;
    }

    /// As it was written.
    @Override
    public String toString() {
        return text;
    }
}
