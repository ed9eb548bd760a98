package dispatcher.ssh.server;

import dispatcher.access.ThrottledLog;
import dispatcher.ssh.tunnel.DialIn;
import dispatcher.ssh.tunnel.DialIns;
import dispatcher.ssh.tunnel.TunnelTarget;
import java.io.IOException;
import java.util.Optional;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.channel.RequestHandler;
import org.apache.sshd.common.session.ConnectionService;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.util.buffer.Buffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes the one reverse forward that a machine's connection may have. Nothing listens at a port for it: only we open
/// channels through it. Clients get none. Called by the library's threads.
///
/// Source: RFC 4254, section 7.1.
final class ReverseForwards implements RequestHandler<ConnectionService> {
    private static final Logger log = LoggerFactory.getLogger(ReverseForwards.class);
    private static final String FORWARD = "tcpip-forward";
    private static final String CANCEL = "cancel-tcpip-forward";
    private static final int LONGEST_ADDRESS = 255;

    /// What a machine hears that leaves the choice to us.
    private static final int CHOSEN_PORT = 22;

    private final DialIns dialIns;
    private final ThrottledLog refusals;

    ReverseForwards(DialIns dialIns, ThrottledLog refusals) {
        this.dialIns = dialIns;
        this.refusals = refusals;
    }

    @Override
    public Result process(ConnectionService service, String request, boolean wantReply, Buffer buffer) {
        boolean forward = request.equals(FORWARD);
        if (!forward && !request.equals(CANCEL)) return Result.Unsupported;
        Session session = service.getSession();
        MachineVisit visit = session.getAttribute(MachineVisit.VISIT);
        if (visit == null) return Result.ReplyFailure;
        if (!forward) {
            dialIns.withdraw(visit.key(), session);
            return Result.ReplySuccess;
        }
        String address = buffer.getString();
        long port = buffer.getUInt();
        if (address.length() > LONGEST_ADDRESS || port > 65_535) return Result.ReplyFailure;
        if (visit.asked().getAndSet(true)) {
            refusals.refused(log, "reverse forward refused", visit.name(), "it has one already");
            return Result.ReplyFailure;
        }
        TunnelTarget target = TunnelTarget.forwarded(address, port == 0 ? CHOSEN_PORT : (int) port);
        // An older connection may have to be asked, and the calling thread must not wait.
        Thread.ofVirtual().name("dial-in " + visit.name()).start(() -> {
            Optional<String> refusal = offer(visit, session, target);
            refusal.ifPresent(why -> refusals.refused(log, "reverse forward refused", visit.name(), why));
            if (wantReply) reply(session, refusal.isEmpty(), port == 0);
            if (refusal.isEmpty()) dialIns.taken(visit.key());
        });
        return Result.Replied;
    }

    private Optional<String> offer(MachineVisit visit, Session session, TunnelTarget target) {
        try {
            return dialIns.offer(visit.key(), new DialIn(session, target, visit.from()));
        } catch (InterruptedException e) {
            return Optional.of("it was interrupted");
        }
    }

    private static void reply(Session session, boolean taken, boolean chosen) {
        try {
            Buffer reply = session.createBuffer(
                    taken ? SshConstants.SSH_MSG_REQUEST_SUCCESS : SshConstants.SSH_MSG_REQUEST_FAILURE);
            if (taken && chosen) reply.putUInt(CHOSEN_PORT);
            var _ = session.writePacket(reply);
        } catch (IOException e) {
            session.exceptionCaught(e);
        }
    }
}
