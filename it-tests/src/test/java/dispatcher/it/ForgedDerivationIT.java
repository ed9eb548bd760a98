package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// A client without trust on the dispatcher's host, which sends derivations that no Nix would make; and a stock Nix
/// elsewhere that is trusted, and builds the honest ones.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ForgedDerivationIT {

    private static final long BUILD_PATHS_WITH_RESULTS = 46;
    private static final long INPUT_REJECTED = 4;

    private Installation installation;
    private NixClient victim;

    @BeforeAll
    void start() throws Exception {
        installation = Installation.start(
                new Combination(ClientWay.REMOTE_SSH_NG, NixRelease.INSTALLED, false, "ssh-ng", NixRelease.INSTALLED),
                settings -> settings.set(
                        "clients", "[{name: guests, users: ['*'], trusted: false}, {name: ci, keys: ['*']}]"));
        victim = installation.newClient();
    }

    @AfterAll
    void stop() throws IOException {
        if (installation != null) {
            installation.close();
        }
    }

    /// It has the output path of the honest derivation, as the hash from which that follows leaves the variable out.
    @Test
    void derivationWithAnotherPathInTheVariableOfItsOutputIsRefusedAndTheHonestOneBuilt() throws Exception {
        String salt = NixClient.newSalt();
        String drv = victim.run("nix-instantiate", Checkout.graph("folder"), "--argstr", "salt", salt)
                .orFail()
                .out()
                .strip();
        String honest = Files.readString(victim.outside(drv));
        String output =
                victim.run("nix-store", "-q", "--outputs", drv).orFail().out().strip();
        String forged = honest.replace("(\"out\",\"" + output + "\")", "(\"out\",\"" + output + "/evil\")");
        assertThat(forged).isNotEqualTo(honest);

        String refusal = upload(forged);

        assertThat(refusal).contains("its environment variable out should be '" + output + "'");
        assertThat(victim.build("folder", "salt", salt).orFail().lines()).containsExactly(output);
        try (var files = Files.list(victim.outside(output))) {
            assertThat(files).containsExactly(victim.outside(output).resolve("file"));
        }
        assertThat(victim.outside(output).resolve("file")).hasContent(salt);
    }

    /// Sends it and asks for it to be built.
    ///
    /// @return why it is not
    private String upload(String text) throws Exception {
        Path file = Files.writeString(installation.fleet().folder().resolve("forged.drv"), text);
        String path = victim.run(
                        "nix-instantiate",
                        "--eval",
                        "--expr",
                        "builtins.toFile \"folder.drv\" (builtins.readFile %s)".formatted(file))
                .orFail()
                .out()
                .strip()
                .replace("\"", "");
        byte[] nar = nar("nix-archive-1", "(", "type", "regular", "contents", text, ")");
        try (RawWorker attacker = RawWorker.greeted(installation.fleet().socket())) {
            attacker.word(RawWorker.ADD_TO_STORE_NAR)
                    .text(path)
                    .text("") // deriver
                    .text(sha256(nar))
                    .texts(List.of()) // references
                    .word(0) // registration time
                    .word(nar.length)
                    .word(0) // ultimate
                    .texts(List.of()) // signatures
                    .text("text:sha256:" + sha256(text.getBytes(StandardCharsets.UTF_8)))
                    .word(0) // repair
                    .word(0) // signatures wanted
                    .frame(nar)
                    .frame()
                    .send()
                    .expectDone();
            attacker.word(BUILD_PATHS_WITH_RESULTS)
                    .texts(List.of(path + "!*"))
                    .word(0) // normal mode
                    .send()
                    .expectDone();
            assertThat(attacker.readWord()).isEqualTo(1);
            assertThat(attacker.readText()).isEqualTo(path + "!*");
            assertThat(attacker.readWord()).isEqualTo(INPUT_REJECTED);
            return attacker.readText();
        }
    }

    private static byte[] nar(String... tokens) {
        ByteArrayOutputStream nar = new ByteArrayOutputStream();
        for (String token : tokens) {
            nar.writeBytes(RawWorker.string(token.getBytes(StandardCharsets.UTF_8)));
        }
        return nar.toByteArray();
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
