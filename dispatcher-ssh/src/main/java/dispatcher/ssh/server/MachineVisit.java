package dispatcher.ssh.server;

import dispatcher.ssh.keys.HostKey;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.sshd.common.AttributeRepository.AttributeKey;

/// A machine that has connected to us, as its key says.
///
/// @param from  its address
/// @param asked whether it has asked for a reverse forward, of which it gets one
record MachineVisit(HostKey key, String name, String from, AtomicBoolean asked) {
    /// On the connections of machines.
    static final AttributeKey<MachineVisit> VISIT = new AttributeKey<>();

    MachineVisit(HostKey key, String name, String from) {
        this(key, name, from, new AtomicBoolean());
    }

    /// For a machine that asks for something else.
    static String purpose(String name) {
        return "this key is that of the machine %s, and opens one reverse forward only (`ssh -N -R 0:localhost:22`); a client needs another key"
                .formatted(name);
    }
}
