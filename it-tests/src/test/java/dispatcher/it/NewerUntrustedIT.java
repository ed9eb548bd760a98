package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/// A newer client, which learns that it is not trusted and copies the derivations by itself.
@NeedsNewerNix
class NewerUntrustedIT extends UntrustedContract {

    NewerUntrustedIT() {
        super(new Combination(ClientWay.REMOTE_SSH_NG, NixRelease.NEWER, true, "ssh-ng", NixRelease.INSTALLED));
    }

    @Test
    void chainIsBuiltWithoutMoreAdo() throws Exception {
        String salt = NixClient.newSalt();
        List<String> built = client().build("chain", "salt", salt).orFail().lines();
        assertThat(client().outside(built.getFirst())).content().startsWith(salt);
    }

    @Test
    void failureIsToldAsOne() throws Exception {
        Result built = client().build("failing");
        assertThat(built.succeeded()).isFalse();
        assertThat(built.err()).contains("builder for");
    }
}
