package dispatcher.cli.serve;

import dispatcher.machine.Machine;
import dispatcher.ssh.keys.HostKey;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// By which keys the machines of the settings connect to us.
final class DialInKeys {
    private DialInKeys() {}

    /// Names of machines by their keys.
    static Map<HostKey, String> of(Collection<Machine> machines) {
        var names = new HashMap<HostKey, String>();
        for (var machine : machines)
            machine.address().reach().dialsIn().ifPresent(key -> names.put(HostKey.parse(key), machine.name()));
        return names;
    }
}
