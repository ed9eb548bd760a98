package dispatcher.ssh.keys;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.MachineAddress;
import dispatcher.ssh.client.HostCheck;
import dispatcher.ssh.client.SshClientOptions;
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
    private static final String RSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQU=";

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

    /// The host would seem to have changed its key.
    @Test
    void keyThatIsCutShortIsPassedOver() throws Exception {
        assertThat(find("alpha", 22, "alpha " + ONE.substring(0, ONE.length() - 8), "alpha " + ONE))
                .containsExactly("2");
    }

    @Test
    void patternsMatchAndAreNegated() throws Exception {
        String[] lines = {"*.example.org,!secret.example.org " + ONE, "build-? " + ONE};
        assertThat(find("a.example.org", 22, lines)).containsExactly("1");
        assertThat(find("secret.example.org", 22, lines)).isEmpty();
        assertThat(find("build-7", 22, lines)).containsExactly("2");
        assertThat(find("build-77", 22, lines)).isEmpty();
    }

    /// Made by `ssh-keygen -H` of OpenSSH 9.2.
    @Test
    void hashedNamesMatchInAnyCase() throws Exception {
        String[] lines = {
            "|1|zSk2FdxPzaSEXsz2nyJ8zs67bxM=|lPkNrg7rAqs4PLb+HsHTj4/VEo0= " + ONE,
            "|1|SrhqmRmoWxLCaD25fBYfFUpsTJo=|BmFvFyutReaCXOFstGp1jz5QkH0= " + ONE
        };
        assertThat(find("alpha", 22, lines)).containsExactly("1");
        assertThat(find("Alpha", 22, lines)).containsExactly("1");
        assertThat(find("alpha", 2222, lines)).containsExactly("2");
        assertThat(find("beta", 22, lines)).isEmpty();
    }

    @Test
    void patternsOfAnyPortMatchNamesWithAPort() throws Exception {
        String[] lines = {"* " + ONE, "[alpha]:* " + ONE, "![alpha]:2222,* " + ONE, "alpha,,b(eta,[beta] " + ONE};
        assertThat(find("alpha", 2222, lines)).containsExactly("1", "2");
        assertThat(find("alpha", 22, lines)).containsExactly("1", "3", "4");
    }

    @Test
    void patternsOfManyStarsAreMatchedAtOnce() throws Exception {
        String[] lines = {"*".repeat(500) + "b " + ONE, "a*b*b?d*z " + ONE, "**a*** " + ONE, "*a?pha*? " + ONE};
        assertThat(find("alpha" + "a".repeat(250), 22, lines)).containsExactly("3", "4");
        assertThat(find("abbbcdz", 22, lines)).containsExactly("2", "3");
        assertThat(find("alpha", 22, lines)).containsExactly("3");
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
            "@unheard-of alpha " + ONE,
            "@revoked",
            "|1|nonsense|of a hash " + ONE,
            "|2|AAAA|AAAA " + ONE,
            "|1||AAAA " + ONE,
            "|1|AAAA " + ONE,
            "  alpha   " + ONE
        };
        assertThat(find("alpha", 22, lines)).containsExactly("13");
    }

    @Test
    void aMarkerSaysWhatItsLineIsAbout() throws Exception {
        assertThat(KnownHosts.find(
                        "alpha %s\n@revoked alpha %s\n@cert-authority alpha %s".formatted(ONE, ONE, ONE),
                        "f",
                        "alpha",
                        22))
                .extracting(KnownHosts.Entry::role)
                .containsExactly(KnownHosts.Role.KNOWN, KnownHosts.Role.REVOKED, KnownHosts.Role.AUTHORITY);
    }

    @Test
    void missingFilesAreEmpty() throws Exception {
        assertThat(KnownHosts.lookUp(List.of(dir.resolve("none")), "alpha", 22)).isEmpty();
    }

    private HostCheck check(int port, Optional<String> hostKey, String... lines) throws Exception {
        SshClientOptions options =
                SshClientOptions.forHome(dir).knownHosts(List.of(file(lines))).build();
        return HostCheck.of(new MachineAddress("alpha", port, "root", Optional.empty(), hostKey), options);
    }

    private Optional<UnreachableException> fault(int port, String shown, String... lines) throws Exception {
        return check(port, Optional.empty(), lines).fault(HostKey.parse(shown));
    }

    private Optional<Kind> verdict(int port, String shown, String... lines) throws Exception {
        return fault(port, shown, lines).map(UnreachableException::kind);
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
    void aKeyRevokedUnderEitherNameOfAHostAtAnotherPortIsRefused() throws Exception {
        for (String name : List.of("*", "alpha", "[alpha]:2222")) {
            assertThat(verdict(2222, ONE, "alpha " + ONE, "@revoked " + name + " " + ONE))
                    .as(name)
                    .contains(Kind.HOST_KEY_CHANGED);
            assertThat(verdict(2222, ONE, "[alpha]:2222 " + ONE, "@revoked " + name + " " + ONE))
                    .as(name)
                    .contains(Kind.HOST_KEY_CHANGED);
        }
    }

    @Test
    void aRevokedKeyIsRefusedThoughItIsTheMachines() throws Exception {
        for (String name : List.of("*", "alpha", "[alpha]:2222"))
            assertThat(check(2222, Optional.of(ONE), "@revoked " + name + " " + ONE)
                            .fault(HostKey.parse(ONE))
                            .map(UnreachableException::kind))
                    .as(name)
                    .contains(Kind.HOST_KEY_CHANGED);
    }

    @Test
    void linesThatGiveNoKeyLeaveTheEntryWithoutAPortAProof() throws Exception {
        for (String marker : List.of("@revoked", "@cert-authority"))
            for (String name : List.of("*", "[alpha]:2222"))
                assertThat(verdict(2222, ONE, "alpha " + ONE, marker + " " + name + " " + TWO))
                        .as(marker + " " + name)
                        .isEmpty();
    }

    @Test
    void anErrorNamesTheAuthorityWhoseCertificatesAreNotRead() throws Exception {
        UnreachableException e = fault(22, TWO, "@cert-authority * " + ONE).orElseThrow();
        assertThat(e.kind()).isEqualTo(Kind.HOST_KEY_UNKNOWN);
        assertThat(e).hasMessageContaining("line 1 trusts an authority");
        assertThat(e.nextStep()).endsWith("write it as the machine's publicHostKey: `%s`".formatted(TWO));
    }

    @Test
    void aHostKeyOfAnotherTypeThanTheKnownOnesHasNotChanged() throws Exception {
        UnreachableException e = fault(2222, ONE, "[alpha]:2222 " + RSA).orElseThrow();
        assertThat(e.kind()).isEqualTo(Kind.HOST_KEY_UNKNOWN);
        assertThat(e).hasMessageContaining("not known by its type").hasMessageContaining("line 1 has ssh-rsa SHA256:");
        assertThat(e.nextStep())
                .contains("ssh_host_ed25519_key.pub")
                .contains("ssh-keyscan -t ed25519 -p 2222 alpha >> ")
                .doesNotContain("attack");
        assertThat(check(22, Optional.of(RSA))
                        .fault(HostKey.parse(ONE))
                        .orElseThrow()
                        .nextStep())
                .endsWith("add `%s` to the machine's publicHostKey".formatted(ONE));
        assertThat(verdict(22, ONE, "alpha " + RSA, "alpha " + TWO)).contains(Kind.HOST_KEY_CHANGED);
    }

    @Test
    void anyOfTheMachinesOwnKeysWillDo() throws Exception {
        HostCheck check = check(22, Optional.of(RSA + "\n" + ONE));
        assertThat(check.fault(HostKey.parse(ONE))).isEmpty();
        assertThat(check.fault(HostKey.parse(RSA))).isEmpty();
        assertThat(check.fault(HostKey.parse(TWO)).map(UnreachableException::kind))
                .contains(Kind.HOST_KEY_CHANGED);
    }

    @Test
    void algorithmsOfKnownTypesComeFirst() throws Exception {
        String offered = "ssh-ed25519,rsa-sha2-512,ecdsa-sha2-nistp256,rsa-sha2-256";
        assertThat(check(22, Optional.empty(), "alpha " + RSA).preferKnown(offered))
                .isEqualTo("rsa-sha2-512,rsa-sha2-256,ssh-ed25519,ecdsa-sha2-nistp256");
        assertThat(check(22, Optional.empty(), "alpha " + RSA, "@revoked * " + ONE, "@cert-authority * " + ONE)
                        .preferKnown(offered))
                .as("a key that is no proof makes its type no better")
                .isEqualTo("rsa-sha2-512,rsa-sha2-256,ssh-ed25519,ecdsa-sha2-nistp256");
    }
}
