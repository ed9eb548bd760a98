package dispatcher.ssh.client;

import dispatcher.ssh.keys.Credential;
import dispatcher.ssh.keys.HostKey;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.apache.sshd.client.auth.AbstractUserAuth;
import org.apache.sshd.client.auth.UserAuth;
import org.apache.sshd.client.auth.UserAuthFactory;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.SshException;
import org.apache.sshd.common.kex.extension.DefaultClientKexExtensionHandler;
import org.apache.sshd.common.util.buffer.Buffer;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.jspecify.annotations.Nullable;

/// Logs in with public keys, certificates, and keys of agents: shows each, and signs with the first that the host would
/// take. Called by the library's threads; signing is done on another one, as an agent may wait for a person.
///
/// The library's own class (`UserAuthPublicKey`, Apache MINA SSHD 2.20.0) is not used, as it makes keys of what it
/// shows, of which it knows few types, signs on the thread that moves bytes, and drops parts of the signatures of
/// security
/// keys.
///
/// Source: RFC 4252, section 7; RFC 8332; OpenSSH, `PROTOCOL.certkeys`.
final class PublicKeyLogin extends AbstractUserAuth {
    private static final String METHOD = "publickey";
    private static final String CERTIFICATE = "-cert-v01@openssh.com";
    private static final String RSA = "ssh-rsa";
    private static final List<String> RSA_SIGNATURES = List.of("rsa-sha2-512", "rsa-sha2-256");

    /// For one thread after another.
    private final Queue<Attempt> attempts = new ConcurrentLinkedQueue<>();
    private final Function<ClientSession, List<Credential>> credentials;
    private volatile @Nullable Attempt current;

    /// @param signature the algorithm, which is that of the key but for RSA
    private record Attempt(Credential credential, String signature) {
        /// As it is called where a key is shown.
        String algorithm() {
            boolean certified = credential.shown().type().endsWith(CERTIFICATE);
            if (RSA_SIGNATURES.contains(signature)) return certified ? signature + CERTIFICATE : signature;
            return credential.shown().type();
        }
    }

    /// @param credentials what a connection may use
    record Factory(Function<ClientSession, List<Credential>> credentials) implements UserAuthFactory {
        @Override
        public UserAuth createUserAuth(ClientSession session) {
            return new PublicKeyLogin(credentials);
        }

        @Override
        public String getName() {
            return METHOD;
        }
    }

    private PublicKeyLogin(Function<ClientSession, List<Credential>> credentials) {
        super(METHOD);
        this.credentials = credentials;
    }

    @Override
    public void init(ClientSession session, String service) throws Exception {
        super.init(session, service);
        for (Credential credential : credentials.apply(session)) {
            for (String signature : signatures(credential.shown(), session))
                attempts.add(new Attempt(credential, signature));
        }
    }

    /// For RSA those that the host says it knows, or both if it says nothing.
    private static List<String> signatures(HostKey key, ClientSession session) {
        String type = plain(key.type());
        if (!type.equals(RSA)) return List.of(type);
        Set<String> known = session.getAttribute(DefaultClientKexExtensionHandler.SERVER_ALGORITHMS);
        if (known == null) return RSA_SIGNATURES;
        return RSA_SIGNATURES.stream().filter(known::contains).limit(1).toList();
    }

    /// The type of the key itself.
    private static String plain(String type) {
        if (!type.endsWith(CERTIFICATE)) return type;
        String key = type.substring(0, type.length() - CERTIFICATE.length());
        return key.startsWith("sk-") ? key + "@openssh.com" : key;
    }

    @Override
    protected boolean sendAuthDataRequest(ClientSession session, String service) throws IOException {
        Attempt next = attempts.poll();
        current = next;
        if (next == null) return false;
        Buffer buffer = session.createBuffer(SshConstants.SSH_MSG_USERAUTH_REQUEST);
        request(buffer, session.getUsername(), service, next, false);
        var _ = session.writePacket(buffer);
        return true;
    }

    private static void request(Buffer buffer, String user, String service, Attempt attempt, boolean signed) {
        buffer.putString(user);
        buffer.putString(service);
        buffer.putString(METHOD);
        buffer.putBoolean(signed);
        buffer.putString(attempt.algorithm());
        buffer.putBytes(Base64.getDecoder().decode(attempt.credential.shown().base64()));
    }

    @Override
    protected boolean processAuthDataRequest(ClientSession session, String service, Buffer buffer) throws IOException {
        int command = buffer.getUByte();
        Attempt shown = current;
        if (command != SshConstants.SSH_MSG_USERAUTH_PK_OK || shown == null)
            throw new SshException(
                    SshConstants.SSH2_DISCONNECT_PROTOCOL_ERROR,
                    "the host answered to a key with message %d".formatted(command));
        current = null;
        String user = session.getUsername();
        Thread.ofVirtual().name("ssh-sign").start(() -> prove(session, service, user, shown));
        return true;
    }

    private void prove(ClientSession session, String service, String user, Attempt attempt) {
        try {
            ByteArrayBuffer signed = new ByteArrayBuffer();
            signed.putBytes(session.getSessionId());
            signed.putByte(SshConstants.SSH_MSG_USERAUTH_REQUEST);
            request(signed, user, service, attempt, true);
            byte[] signature = attempt.credential.sign(attempt.signature, signed.getCompactData());
            Buffer buffer = session.createBuffer(SshConstants.SSH_MSG_USERAUTH_REQUEST);
            request(buffer, user, service, attempt, true);
            buffer.putBytes(signature);
            var _ = session.writePacket(buffer);
        } catch (IOException | RuntimeException e) {
            goOn(session, service, e);
        }
    }

    /// With the next key, if there is one.
    private void goOn(ClientSession session, String service, Exception failure) {
        Exception last = failure;
        try {
            if (session.isOpen() && sendAuthDataRequest(session, service)) return;
        } catch (IOException e) {
            last = e;
        }
        session.exceptionCaught(new SshException(
                SshConstants.SSH2_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE, "no signature: " + last.getMessage()));
    }
}
