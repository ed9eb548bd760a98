package dispatcher.machine.file;

import dispatcher.machine.MachineAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Names for machines that have none: their host, and the next with the same host has its port or a number too.
/// Confined to one thread.
final class MachineNames {
    private final Set<String> names = new HashSet<>();
    private final Map<String, Integer> lastNumbers = new HashMap<>();

    String take(MachineAddress address) {
        var host = address.host();
        var withPort = (host.contains(":") ? "[" + host + "]" : host) + ":" + address.port();
        var name = names.contains(host) && address.port() != MachineAddress.SSH_PORT ? withPort : host;
        while (!names.add(name)) name = host + "#" + lastNumbers.merge(host, 2, (last, ignored) -> last + 1);
        return name;
    }
}
