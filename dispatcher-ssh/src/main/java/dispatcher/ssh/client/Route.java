package dispatcher.ssh.client;

import dispatcher.machine.MachineAddress;
import dispatcher.ssh.tunnel.DialIns;
import dispatcher.ssh.tunnel.Tunnel;
import dispatcher.ssh.tunnel.TunnelTarget;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.SshConstants;

/// Makes one connection to a machine with all that it goes through: other hosts, each with a login and a check of its
/// own, or the connection that the machine has made to us. Blocking, for one thread each; interruption ends it.
final class Route {
    private final MachineClient client;
    private final DialIns dialIns;
    private final SshClientOptions options;
    private final boolean compress;
    private final Runnable connected;

    /// @param compress  whether to compress both ways if the host is willing
    /// @param connected called when the machine, or the first host on the way, has taken the connection; on a
    ///                  thread that must not wait
    Route(MachineClient client, DialIns dialIns, SshClientOptions options, boolean compress, Runnable connected) {
        this.client = client;
        this.dialIns = dialIns;
        this.options = options;
        this.compress = compress;
        this.connected = connected;
    }

    ClientSession to(MachineAddress machine) throws UnreachableException, InterruptedException {
        Target target = Targets.of(machine, options);
        if (machine.reach().dialsIn().isPresent()) {
            String key = machine.reach().dialsIn().get();
            return login(target, Optional.of(() -> dialIns.open(key, machine.toString(), options.channelLimit)));
        }
        return target.jumps().isEmpty() ? login(target, Optional.empty()) : through(target);
    }

    private ClientSession login(Target target, Optional<Handshake.Way> way)
            throws UnreachableException, InterruptedException {
        return Handshake.with(client, target, options, compress, connected, way);
    }

    /// A connection that goes closes those that it goes through.
    private ClientSession through(Target target) throws UnreachableException, InterruptedException {
        List<ClientSession> jumps = new ArrayList<>();
        boolean there = false;
        try {
            Optional<Handshake.Way> way = Optional.empty();
            for (Target jump : target.jumps()) {
                ClientSession session = jump(jump, way, target);
                jumps.add(session);
                Target next =
                        jumps.size() < target.jumps().size() ? target.jumps().get(jumps.size()) : target;
                way = Optional.of(() -> open(session, jump, next));
            }
            ClientSession session = login(target, way);
            session.addCloseFutureListener(_ -> jumps.reversed().forEach(jump -> jump.close(true)));
            there = true;
            return session;
        } finally {
            if (!there) jumps.reversed().forEach(jump -> jump.close(true));
        }
    }

    /// Never compressed, as what goes through is encrypted.
    private ClientSession jump(Target jump, Optional<Handshake.Way> way, Target target)
            throws UnreachableException, InterruptedException {
        try {
            return Handshake.with(client, jump, options, false, connected, way);
        } catch (UnreachableException e) {
            throw new UnreachableException(
                    e.kind(),
                    "on the way to %s: %s".formatted(target.address(), e.getMessage()),
                    e.nextStep() + from(target),
                    e);
        }
    }

    private static String from(Target target) {
        String said = target.settings().explained();
        return said.isEmpty()
                ? ""
                : "; ssh_config for %s: %s".formatted(target.address().host(), said);
    }

    private Tunnel open(ClientSession session, Target jump, Target next)
            throws UnreachableException, InterruptedException {
        MachineAddress to = next.address();
        try {
            return Tunnel.open(session, TunnelTarget.beyond(to.host(), to.port()), options.connectLimit);
        } catch (Tunnel.RefusedException e) {
            boolean prohibited = e.code() == SshConstants.SSH_OPEN_ADMINISTRATIVELY_PROHIBITED;
            throw new UnreachableException(
                    prohibited ? Kind.NO_CHANNEL : Kind.NO_ROUTE,
                    "the jump host %s does not connect to %s port %d: %s"
                            .formatted(jump.address(), to.host(), to.port(), e.getMessage()),
                    prohibited
                            ? "see AllowTcpForwarding and PermitOpen in its sshd_config, and the key's options there"
                            : "see whether `nc -z %s %d` works there%s".formatted(to.host(), to.port(), next.remarks()),
                    e);
        } catch (IOException e) {
            throw new UnreachableException(
                    Kind.BROKEN,
                    "the jump host %s on the way to %s: %s".formatted(jump.address(), to, e.getMessage()),
                    "see the log of its sshd",
                    e);
        }
    }
}
