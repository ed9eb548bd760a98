package dispatcher.ssh.keys;

import java.io.IOException;

/// A key with which we log in to hosts: what we show of it, and how we prove that it is ours. Safe for any thread.
public interface Credential {
    /// The public key, or a certificate of it.
    HostKey shown();

    /// For people: where it is from, and its fingerprint.
    String describe();

    /// A signature with its encoding as in RFC 4253, section 6.6. Blocks, with a key of hardware until somebody has
    /// touched it.
    ///
    /// @param algorithm of the signature, e.g. `rsa-sha2-512`; without the suffix of certificates
    /// @throws IOException if it cannot be made, with a message for people
    byte[] sign(String algorithm, byte[] data) throws IOException;
}
