package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// A client on another host that learns nothing of its trust, as its protocol has no word for that.
@NeedsNamespaces
class UntrustedWorkerIT extends UntrustedContract {

    UntrustedWorkerIT() {
        super(new Combination(ClientWay.REMOTE_SSH_NG, NixRelease.INSTALLED, false, "ssh-ng", NixRelease.INSTALLED));
    }

    @Test
    void whatDerivationsAreMissingIsTold() throws Exception {
        Result built = client().build("one");

        assertThat(built.succeeded()).isFalse();
        assertThat(built.err()).contains("its .drv file is not here", "nix copy --derivation");
    }

    @Test
    void derivationIsBuiltByThePathOfItsFile() throws Exception {
        client().command(
                        "nix",
                        "build",
                        "--no-link",
                        "--eval-store",
                        "auto",
                        "--store",
                        installation().storeUri())
                .with("-f", Checkout.graph("one"), "--argstr", "salt", NixClient.newSalt())
                .run()
                .orFail();
    }
}
