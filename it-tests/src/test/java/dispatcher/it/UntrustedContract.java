package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What a stock Nix can do that the dispatcher does not trust, and what not.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class UntrustedContract {

    private final Combination combination;
    private Installation installation;
    private NixClient client;

    @RegisterExtension
    final AfterTestExecutionCallback showLog = context -> {
        if (context.getExecutionException().isPresent()) {
            System.err.println(
                    "the dispatcher's log:\n" + installation.dispatcher().log());
        }
    };

    UntrustedContract(Combination combination) {
        this.combination = combination;
    }

    @BeforeAll
    void start() throws Exception {
        installation = Installation.start(
                combination,
                settings -> settings.set("clients", "[{name: guests, keys: ['*'], users: ['*'], trusted: false}]"));
        client = installation.newClient();
    }

    @AfterAll
    void stop() throws IOException {
        if (installation != null) {
            installation.close();
        }
    }

    final NixClient client() {
        return client;
    }

    final Installation installation() {
        return installation;
    }

    /// The path of the derivation of a graph, which is evaluated and not built.
    final String instantiate(String graph, String salt) throws Exception {
        return client.run("nix-instantiate", Checkout.graph(graph), "--argstr", "salt", salt)
                .orFail()
                .out()
                .strip();
    }

    final void copyDerivation(String drv) throws Exception {
        client.run("nix", "copy", "--derivation", "--to", installation.storeUri(), drv)
                .orFail();
    }

    @Test
    void whatNobodySignedIsNotTaken() throws Exception {
        String path = "/nix/store/" + "0123456789abcdfghijklmnpqrsvwxyz" + "-made-by-hand";
        Files.writeString(client.outside(path), "evil");
        Path registration = Files.writeString(installation.fleet().folder().resolve("registration"), path + "\n\n0\n");
        client.run("sh", "-c", "NIX_REMOTE= nix-store --register-validity <" + registration)
                .orFail();

        Result copied = client.run("nix", "copy", "--no-check-sigs", "--to", installation.storeUri(), path);

        assertThat(copied.succeeded()).isFalse();
        assertThat(copied.err()).contains("lacks a signature by a trusted key");
    }

    @Test
    void whatFollowsFromItsContentIsTaken() throws Exception {
        String source = client.run("nix-store", "--add", Checkout.graph("one"))
                .orFail()
                .out()
                .strip();
        client.run("nix", "copy", "--to", installation.storeUri(), source).orFail();
    }

    @Test
    void fixedOutputsAreBuiltAtOnce() throws Exception {
        client.build("fixed-output").orFail();
    }

    @Test
    void chainIsBuiltOnceItsDerivationsAreThere() throws Exception {
        String salt = NixClient.newSalt();
        copyDerivation(instantiate("chain", salt));
        List<String> built =
                client.build("chain", "salt", salt, "n", "10").orFail().lines();
        assertThat(built).isNotEmpty();
        assertThat(client.outside(built.getFirst())).content().startsWith(salt);
    }
}
