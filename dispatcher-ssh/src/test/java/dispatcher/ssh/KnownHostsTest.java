package dispatcher.ssh;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.fleet.MachineAddress;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownHostsTest {
    private static final String ONE =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDdTvq8Do3IxXhwySQbrCB1VSr0XkZbVYmWWkMF2Zv9V";
    private static final String TWO =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH1n6J1vZPnxTtBQHkZrGkV1lC4V0mOBwT9d7lQbV4aB";

    @TempDir
    private Path dir;

    private Path file(String... lines) throws Exception {
        return Files.write(Files.createTempFile(dir, "known", "hosts"), List.of(lines));
    }

    private List<String> find(String host, int port, String... lines) throws Exception {
        return KnownHosts.lookUp(List.of(file(lines)), host, port).stream()
                .map(entry -> entry.where().replaceAll(".* line ", ""))
                .toList();
    }

    @Test
    void namesArePlainOrInBracketsWithTheirPort() throws Exception {
        String[] lines = {"alpha,10.0.0.1 " + ONE, "[alpha]:2222 " + ONE, "[10.0.0.1]:2222,beta " + ONE + " a comment"};
        assertThat(find("alpha", 22, lines)).containsExactly("1");
        assertThat(find("Alpha", 22, lines)).containsExactly("1");
        assertThat(find("10.0.0.1", 22, lines)).containsExactly("1");
        assertThat(find("alpha", 2222, lines)).containsExactly("2");
        assertThat(find("10.0.0.1", 2222, lines)).containsExactly("3");
        assertThat(find("beta", 22, lines)).containsExactly("3");
        assertThat(find("alph", 22, lines)).isEmpty();
    }

    @Test
    void patternsMatchAndAreNegated() throws Exception {
        String[] lines = {"*.example.org,!secret.example.org " + ONE, "build-? " + ONE};
        assertThat(find("a.example.org", 22, lines)).containsExactly("1");
        assertThat(find("secret.example.org", 22, lines)).isEmpty();
        assertThat(find("build-7", 22, lines)).containsExactly("2");
        assertThat(find("build-77", 22, lines)).isEmpty();
    }

    @Test
    void whatIsNoEntryIsPassedOver() throws Exception {
        String[] lines = {
            "",
            "# alpha " + ONE,
            "alpha",
            "alpha ssh-ed25519",
            "alpha ssh-ed25519 nonsense!",
            "alpha ssh-rsa " + ONE.split(" ")[1],
            "@cert-authority alpha " + ONE,
            "@unheard-of alpha " + ONE,
            "@revoked",
            "|1|nonsense|of a hash " + ONE,
            "|2|AAAA|AAAA " + ONE,
            "  alpha   " + ONE
        };
        assertThat(find("alpha", 22, lines)).containsExactly("12");
    }

    @Test
    void missingFilesAreEmpty() throws Exception {
        assertThat(KnownHosts.lookUp(List.of(dir.resolve("none")), "alpha", 22)).isEmpty();
    }

    private Optional<Kind> verdict(int port, String shown, String... lines) throws Exception {
        SshClientOptions options =
                SshClientOptions.forHome(dir).knownHosts(List.of(file(lines))).build();
        MachineAddress address = new MachineAddress("alpha", port, "root", Optional.empty(), Optional.empty());
        return HostCheck.of(address, options).fault(HostKey.parse(shown)).map(UnreachableException::kind);
    }

    @Test
    void anyOfSeveralKnownKeysWillDo() throws Exception {
        assertThat(verdict(22, TWO, "alpha " + ONE, "alpha " + TWO)).isEmpty();
    }

    @Test
    void anEntryWithoutAPortProvesAHostAtAnotherPortAndDisprovesNone() throws Exception {
        assertThat(verdict(2222, ONE, "alpha " + ONE)).isEmpty();
        assertThat(verdict(2222, TWO, "alpha " + ONE)).contains(Kind.HOST_KEY_UNKNOWN);
        assertThat(verdict(2222, TWO, "alpha " + TWO, "[alpha]:2222 " + ONE)).contains(Kind.HOST_KEY_CHANGED);
    }

    @Test
    void aRevokedKeyIsRefusedThoughItIsKnown() throws Exception {
        assertThat(verdict(22, ONE, "alpha " + ONE, "@revoked * " + ONE)).contains(Kind.HOST_KEY_CHANGED);
        assertThat(verdict(22, TWO, "alpha " + TWO, "@revoked * " + ONE)).isEmpty();
        assertThat(verdict(22, TWO, "@revoked * " + ONE)).contains(Kind.HOST_KEY_UNKNOWN);
    }

    @Test
    void algorithmsOfKnownTypesComeFirst() throws Exception {
        SshClientOptions options = SshClientOptions.forHome(dir)
                .knownHosts(List.of(file("alpha ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQ==")))
                .build();
        MachineAddress address = new MachineAddress("alpha", 22, "root", Optional.empty(), Optional.empty());
        assertThat(HostCheck.of(address, options)
                        .preferKnown("ssh-ed25519,rsa-sha2-512,ecdsa-sha2-nistp256,rsa-sha2-256"))
                .isEqualTo("rsa-sha2-512,rsa-sha2-256,ssh-ed25519,ecdsa-sha2-nistp256");
    }
}
