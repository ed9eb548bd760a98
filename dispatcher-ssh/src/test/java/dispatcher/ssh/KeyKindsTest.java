package dispatcher.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.Reach;
import dispatcher.ssh.client.SshClientOptions;
import dispatcher.ssh.client.SshTransports;
import dispatcher.thread.TimeLimit;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every kind of key that a machine's entry can name, and certificates, with a real sshd and a real ssh-agent.
@Timeout(120)
@Tag("sshd")
class KeyKindsTest {
    private static final String PASSPHRASE = "two words";

    @TempDir
    private Path dir;

    private final SshTransports transports = new SshTransports();
    private final List<Process> processes = new ArrayList<>();
    private Sshd sshd;
    private Path key;

    @BeforeEach
    void start() throws Exception {
        sshd = Sshd.start(
                Files.createDirectory(dir.resolve("sshd")),
                "TrustedUserCAKeys " + dir.resolve("ca.pub"),
                "HostCertificate " + dir.resolve("sshd/host-cert.pub"));
        key = dir.resolve("key");
        Sshd.makeKey(dir.resolve("ca"), "ed25519");
    }

    @AfterEach
    void stop() {
        transports.close();
        processes.forEach(Process::destroyForcibly);
        if (sshd != null) sshd.close();
    }

    private Path secret(String name, String text) throws IOException {
        Path file = Files.writeString(dir.resolve(name), text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private void authorize(Path publicKey) throws IOException {
        Files.writeString(dir.resolve("sshd/authorized_keys"), Files.readString(publicKey), StandardOpenOption.APPEND);
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    private MachineAddress address(Path keyFile, Optional<Path> passphraseFile) {
        return new MachineAddress(
                Sshd.HOST,
                sshd.port,
                "root",
                Optional.of(keyFile),
                Optional.empty(),
                new Reach(List.of(), true, true, passphraseFile, Optional.empty()));
    }

    private SshClientOptions.Builder options() {
        return SshClientOptions.forHome(dir).knownHosts(List.of(sshd.knownHosts));
    }

    private String logIn(MachineAddress address, SshClientOptions.Builder options) throws Exception {
        try (Transport transport = transports.forMachine(address, options.build());
                CommandChannel channel = transport.open("echo in")) {
            return new String(channel.in().readAllBytes(), UTF_8);
        }
    }

    private UnreachableException failure(MachineAddress address, SshClientOptions.Builder options) {
        return catchThrowableOfType(UnreachableException.class, () -> logIn(address, options));
    }

    @ParameterizedTest
    @CsvSource({
        "ed25519, RFC4716, 256",
        "rsa, RFC4716, 2048",
        "ecdsa, RFC4716, 256",
        "ecdsa, RFC4716, 521",
        "rsa, PKCS8, 2048",
        "ecdsa, PKCS8, 256",
        "ecdsa, PKCS8, 384",
        "rsa, PEM, 2048",
        "ecdsa, PEM, 256"
    })
    void aKeyFileOfEachFormatWithAndWithoutPassphrase(String type, String format, String bits) throws Exception {
        Path plain = dir.resolve("plain");
        Path locked = dir.resolve("locked");
        Sshd.makeKey(plain, type, "-b", bits, "-m", format, "-N", "");
        Sshd.makeKey(locked, type, "-b", bits, "-m", format, "-N", PASSPHRASE);
        authorize(dir.resolve("plain.pub"));
        authorize(dir.resolve("locked.pub"));
        Path passphrase = secret("passphrase", PASSPHRASE + "\n");
        assertThat(logIn(address(plain, Optional.empty()), options())).isEqualTo("in\n");
        assertThat(logIn(address(locked, Optional.of(passphrase)), options())).isEqualTo("in\n");
    }

    @Test
    void anEd25519KeyOfOpenSsl() throws Exception {
        run("openssl", "genpkey", "-algorithm", "ed25519", "-out", key.toString());
        Path locked = dir.resolve("locked");
        run(
                "openssl",
                "pkcs8",
                "-topk8",
                "-in",
                key.toString(),
                "-out",
                locked.toString(),
                "-passout",
                "pass:" + PASSPHRASE);
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("rw-------"));
        Path der = dir.resolve("key.der");
        run("openssl", "pkey", "-in", key.toString(), "-pubout", "-outform", "DER", "-out", der.toString());
        ByteArrayBuffer encoded = new ByteArrayBuffer();
        encoded.putString("ssh-ed25519");
        byte[] bytes = Files.readAllBytes(der);
        encoded.putBytes(bytes, bytes.length - 32, 32);
        Path publicKey = Files.writeString(
                dir.resolve("key.pub"),
                "ssh-ed25519 " + Base64.getEncoder().encodeToString(encoded.getCompactData()) + "\n");
        authorize(publicKey);
        assertThat(logIn(address(key, Optional.empty()), options())).isEqualTo("in\n");
        assertThat(logIn(address(locked, Optional.of(secret("passphrase", PASSPHRASE))), options()))
                .isEqualTo("in\n");
    }

    @ParameterizedTest
    @CsvSource({"ed25519, RFC4716", "rsa, PKCS8", "rsa, PEM"})
    void aPassphraseThatDoesNotFit(String type, String format) throws Exception {
        Sshd.makeKey(key, type, "-m", format, "-N", PASSPHRASE);
        Path passphrase = secret("passphrase", "something else");
        UnreachableException e = failure(address(key, Optional.of(passphrase)), options());
        assertThat(e.kind()).isEqualTo(Kind.KEY_UNUSABLE);
        assertThat(e).hasMessageContaining("cannot be decrypted with the passphrase in " + passphrase);
    }

    @Test
    void aPassphraseFileThatCannotBeUsed() throws Exception {
        Sshd.makeKey(key, "ed25519", "-N", PASSPHRASE);
        UnreachableException missing = failure(address(key, Optional.of(dir.resolve("none"))), options());
        assertThat(missing.kind()).isEqualTo(Kind.KEY_UNUSABLE);
        assertThat(missing).hasMessageContaining("passphrase file %s does not exist".formatted(dir.resolve("none")));
        assertThat(missing.nextStep()).contains("sshKeyPassphraseFile");
        Path open = secret("open", PASSPHRASE);
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(failure(address(key, Optional.of(open)), options())).hasMessageContaining("can be read by others");
    }

    @Nested
    class CertificatesOfUsers {
        private void certify(String... more) throws Exception {
            List<String> command = new ArrayList<>(
                    List.of("ssh-keygen", "-q", "-s", dir.resolve("ca").toString(), "-I", "us", "-n", "root"));
            command.addAll(List.of(more));
            command.add(dir.resolve("key.pub").toString());
            run(command.toArray(String[]::new));
        }

        @ParameterizedTest
        @CsvSource({"ed25519", "rsa", "ecdsa"})
        void oneBesideItsKey(String type) throws Exception {
            Sshd.makeKey(key, type);
            certify();
            assertThat(logIn(address(key, Optional.empty()), options())).isEqualTo("in\n");
        }

        @Test
        void oneThatHasExpired() throws Exception {
            Sshd.makeKey(key, "ed25519");
            certify("-V", "20200101:20200102");
            UnreachableException e = failure(address(key, Optional.empty()), options());
            assertThat(e.kind()).isEqualTo(Kind.KEY_REJECTED);
            assertThat(e)
                    .hasMessageContaining(
                            "the certificate %s-cert.pub is not used: it holds from 2020-".formatted(key));
        }

        @Test
        void oneOfAnotherKey() throws Exception {
            Sshd.makeKey(key, "ed25519");
            certify();
            Files.delete(key);
            Files.delete(dir.resolve("key.pub"));
            Sshd.makeKey(key, "ed25519");
            authorize(dir.resolve("key.pub"));
            assertThat(logIn(address(key, Optional.empty()), options())).isEqualTo("in\n");
        }

        @Test
        void oneOfAKeyInAnAgent() throws Exception {
            Sshd.makeKey(key, "ed25519");
            Path socket = agentWith(key);
            certify();
            Files.delete(key);
            assertThat(logIn(
                            address(dir.resolve("key.pub"), Optional.empty()),
                            options().agent(Optional.of(socket))))
                    .isEqualTo("in\n");
        }
    }

    @Nested
    class CertificatesOfHosts {
        private void certify(String principal) throws Exception {
            Path host = dir.resolve("sshd/host.pub");
            run(
                    "ssh-keygen",
                    "-q",
                    "-s",
                    dir.resolve("ca").toString(),
                    "-I",
                    "it",
                    "-h",
                    "-n",
                    principal,
                    host.toString());
            sshd.kill();
            sshd.restart();
        }

        private void trust(String marker, Path publicKey) throws IOException {
            Files.writeString(
                    sshd.knownHosts,
                    "%s [%s]:%d %s".formatted(marker, Sshd.HOST, sshd.port, Files.readString(publicKey)));
        }

        private MachineAddress machine() {
            return address(sshd.clientKey, Optional.empty());
        }

        @Test
        void oneOfAnAuthorityThatIsKnown() throws Exception {
            certify(Sshd.HOST);
            trust("@cert-authority", dir.resolve("ca.pub"));
            assertThat(logIn(machine(), options())).isEqualTo("in\n");
        }

        @Test
        void oneOfAnotherAuthority() throws Exception {
            certify(Sshd.HOST);
            Sshd.makeKey(dir.resolve("other"), "ed25519");
            trust("@cert-authority", dir.resolve("other.pub"));
            UnreachableException e = failure(machine(), options());
            assertThat(e.kind()).isEqualTo(Kind.HOST_KEY_UNKNOWN);
            assertThat(e).hasMessageContaining("which is no authority for it");
        }

        @Test
        void oneForAnotherHost() throws Exception {
            certify("other.example.org");
            trust("@cert-authority", dir.resolve("ca.pub"));
            UnreachableException e = failure(machine(), options());
            assertThat(e.kind()).isEqualTo(Kind.HOST_KEY_UNKNOWN);
            assertThat(e).hasMessageContaining("does not hold").hasMessageContaining("other.example.org");
        }

        @Test
        void oneOfAnAuthorityThatIsRevoked() throws Exception {
            certify(Sshd.HOST);
            trust("@cert-authority", dir.resolve("ca.pub"));
            Files.writeString(
                    sshd.knownHosts,
                    "@revoked * " + Files.readString(dir.resolve("ca.pub")),
                    StandardOpenOption.APPEND);
            UnreachableException e = failure(machine(), options());
            assertThat(e.kind()).isEqualTo(Kind.HOST_KEY_CHANGED);
            assertThat(e).hasMessageContaining("revoked");
        }

        @Test
        void aHostWithoutOneIsNotTrustedForItsAuthority() throws Exception {
            trust("@cert-authority", dir.resolve("ca.pub"));
            UnreachableException e = failure(machine(), options());
            assertThat(e.kind()).isEqualTo(Kind.HOST_KEY_UNKNOWN);
            assertThat(e.nextStep()).contains("HostCertificate");
        }
    }

    private Path agentWith(Path... keys) throws Exception {
        Path socket = dir.resolve("agent");
        Process agent = new ProcessBuilder("ssh-agent", "-D", "-a", socket.toString()).start();
        processes.add(agent);
        // It prints the socket's path once it listens.
        try (var _ = new TimeLimit(Duration.ofSeconds(20), agent::destroyForcibly)) {
            assertThat(agent.getInputStream().read()).isPositive();
        }
        for (Path each : keys) {
            ProcessBuilder adding = new ProcessBuilder("ssh-add", "-q", each.toString());
            adding.environment().put("SSH_AUTH_SOCK", socket.toString());
            assertThat(adding.start().waitFor()).isZero();
        }
        return socket;
    }

    @Nested
    class Agents {
        private MachineAddress withoutKey() {
            return new MachineAddress(Sshd.HOST, sshd.port, "root", Optional.empty(), Optional.empty());
        }

        @ParameterizedTest
        @CsvSource({"ed25519", "rsa", "ecdsa"})
        void aKeyThatOnlyAnAgentHas(String type) throws Exception {
            Sshd.makeKey(key, type);
            authorize(dir.resolve("key.pub"));
            Path socket = agentWith(key);
            Files.delete(key);
            SshClientOptions.Builder options = options().agent(Optional.of(socket));
            assertThat(logIn(withoutKey(), options)).isEqualTo("in\n");
            assertThat(logIn(address(dir.resolve("key.pub"), Optional.empty()), options))
                    .isEqualTo("in\n");
            assertThat(logIn(address(key, Optional.empty()), options)).isEqualTo("in\n");
        }

        @Test
        void theKeyThatIsNamedIsTheOnlyOneThatIsShown() throws Exception {
            List<Path> many = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                Path other = dir.resolve("other" + i);
                Sshd.makeKey(other, "ed25519");
                many.add(other);
            }
            Sshd.makeKey(key, "ed25519");
            authorize(dir.resolve("key.pub"));
            many.add(key);
            Path socket = agentWith(many.toArray(Path[]::new));
            SshClientOptions.Builder options = options().agent(Optional.of(socket));
            assertThat(logIn(address(dir.resolve("key.pub"), Optional.empty()), options))
                    .isEqualTo("in\n");
            UnreachableException e = failure(withoutKey(), options);
            assertThat(e.kind()).isEqualTo(Kind.KEY_REJECTED);
            assertThat(e.nextStep()).contains("sshKey");
        }

        @Test
        void anEncryptedKeyThatAnAgentHas() throws Exception {
            Sshd.makeKey(key, "ed25519");
            authorize(dir.resolve("key.pub"));
            Path socket = agentWith(key);
            run("ssh-keygen", "-q", "-p", "-P", "", "-N", PASSPHRASE, "-f", key.toString());
            Files.delete(dir.resolve("key.pub"));
            MachineAddress address = address(key, Optional.empty());
            assertThat(logIn(address, options().agent(Optional.of(socket)))).isEqualTo("in\n");
            UnreachableException e = failure(address, options());
            assertThat(e.kind()).isEqualTo(Kind.KEY_UNUSABLE);
            assertThat(e).hasMessageContaining("is encrypted");
            assertThat(e.nextStep()).contains("sshKeyPassphraseFile", "ssh-add");
        }

        @Test
        void anAgentThatIsNotThere() throws Exception {
            Sshd.makeKey(key, "ed25519");
            Files.delete(key);
            UnreachableException e =
                    failure(address(key, Optional.empty()), options().agent(Optional.of(dir.resolve("none"))));
            assertThat(e.kind()).isEqualTo(Kind.KEY_UNUSABLE);
            assertThat(e).hasMessageContaining("the agent at %s".formatted(dir.resolve("none")));
        }

        @Test
        void aSecurityKey() throws Exception {
            try (SoftwareSecurityKey device = new SoftwareSecurityKey(dir.resolve("device"))) {
                Path line = Files.writeString(dir.resolve("device.pub"), device.line());
                authorize(line);
                SshClientOptions.Builder options = options().agent(Optional.of(device.socket()));
                assertThat(logIn(address(line, Optional.empty()), options)).isEqualTo("in\n");
                device.untouched = true;
                UnreachableException e = failure(address(line, Optional.empty()), options);
                assertThat(e.kind()).isEqualTo(Kind.KEY_REJECTED);
                assertThat(e).hasMessageContaining("asks for a touch");
            }
        }
    }

    @Test
    void aPublicKeyWithoutAnAgent() throws Exception {
        Sshd.makeKey(key, "ed25519");
        UnreachableException e = failure(address(dir.resolve("key.pub"), Optional.empty()), options());
        assertThat(e.kind()).isEqualTo(Kind.KEY_UNUSABLE);
        assertThat(e).hasMessageContaining("SSH_AUTH_SOCK is not set");
    }
}
