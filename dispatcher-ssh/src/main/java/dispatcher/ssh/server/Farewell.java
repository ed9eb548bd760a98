package dispatcher.ssh.server;

import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.util.buffer.Buffer;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;

/// All that we say on a connection that is not let in: who we are, and a reason that clients show to their user.
///
/// Shape: our identification, and a message SSH_MSG_DISCONNECT that is not encrypted yet, as it may come at any time
/// (RFC 4253, sections 4.2, 6 and 11.1).
final class Farewell {
    private static final int BLOCK = 8;
    private static final int LEAST_PADDING = 4;
    private static final String LANGUAGE = "";

    private Farewell() {}

    /// @param why shown to the client's user
    static Buffer tooManyConnections(String why) {
        Buffer message = new ByteArrayBuffer();
        message.putByte(SshConstants.SSH_MSG_DISCONNECT);
        message.putUInt(SshConstants.SSH2_DISCONNECT_TOO_MANY_CONNECTIONS);
        message.putString(why);
        message.putString(LANGUAGE);
        byte[] payload = message.getCompactData();
        int padding = LEAST_PADDING;
        while ((Integer.BYTES + 1 + payload.length + padding) % BLOCK != 0) padding++;
        Buffer all = new ByteArrayBuffer();
        all.putRawBytes("SSH-2.0-dispatcher\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        all.putUInt(1L + payload.length + padding);
        all.putByte((byte) padding);
        all.putRawBytes(payload);
        all.putRawBytes(new byte[padding]);
        return all;
    }
}
