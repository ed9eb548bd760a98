package dispatcher.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientRulesTest {
    /// Made by ssh-keygen, which says of it that its fingerprint is [#PRINT].
    private static final String KEY =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPxYB/cplG5HQ8hs2qM8fS7gfdGE5vXN85XcTKz0tdHb";

    private static final String PRINT = "SHA256:fHqL1kxufcg8qUOStFz4mpOdMDLZt8LhjXWmXzGIhIw";
    private static final String OTHER = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    private static ClientGrant grant(String rule) {
        return new ClientGrant(rule, true, 0, Optional.empty(), Optional.empty(), OptionalInt.empty(), false);
    }

    private static ClientRule keys(String rule, String... keys) {
        return new ClientRule(
                grant(rule), Arrays.stream(keys).map(ClientPattern::ofKey).toList(), List.of());
    }

    @Test
    void theFirstRuleThatNamesAClientCounts() {
        var rules = new ClientRules(List.of(keys("ci", PRINT, "ci@*"), keys("ada", "ada"), keys("rest", "*")));
        assertThat(rules.ofKey(PRINT, "ada").rule()).isEqualTo("ci");
        assertThat(rules.ofKey(OTHER, "ci@b").rule()).isEqualTo("ci");
        assertThat(rules.ofKey(OTHER, "ada").rule()).isEqualTo("ada");
        assertThat(rules.ofKey(OTHER, "ada2").rule()).isEqualTo("rest");
    }

    @Test
    void usersOfThisHostAndKeysAreNotTakenForEachOther() {
        var rules = new ClientRules(List.of(
                keys("keys", "root"),
                new ClientRule(grant("users"), List.of(), List.of(new ClientPattern.Name("root")))));
        assertThat(rules.ofKey(OTHER, "root").rule()).isEqualTo("keys");
        assertThat(rules.ofUser("root").rule()).isEqualTo("users");
        assertThat(rules.ofUser("ada")).isEqualTo(ClientGrant.DEFAULT);
    }

    @Test
    void aCommentThatLooksLikeAFingerprintIsNone() {
        assertThat(new ClientRules(List.of(keys("a", PRINT))).ofKey(OTHER, PRINT))
                .isEqualTo(ClientGrant.DEFAULT);
    }

    @Test
    void aKeyMayBeNamedByItself() {
        assertThat(ClientPattern.ofKey(KEY + " ada")).isEqualTo(new ClientPattern.Fingerprint(PRINT));
    }

    @Test
    void fingerprintsAreComparedAsKeysWriteThem() {
        var rules =
                new ClientRules(List.of(keys("padded", PRINT + "="), keys("lower", "sha256:" + OTHER.substring(7))));
        assertThat(rules.ofKey(PRINT, "").rule()).isEqualTo("padded");
        assertThat(rules.ofKey(OTHER, "").rule()).isEqualTo("lower");
        // The last letter has two bits that stand for nothing.
        assertThat(ClientPattern.ofKey(PRINT.substring(0, PRINT.length() - 1) + "x"))
                .isEqualTo(ClientPattern.ofKey(PRINT));
    }

    @Test
    void aSecurityKeyMayBeNamedByItself() {
        assertThat(ClientPattern.ofKey(
                        "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIPxYB/cplG5"
                                + "HQ8hs2qM8fS7gfdGE5vXN85XcTKz0tdHbAAAABHNzaDo= ada"))
                .isInstanceOf(ClientPattern.Fingerprint.class);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    SHA256:                                | is no fingerprint
                    SHA256:abc                             | is no fingerprint
                    SHA256:*                               | is no fingerprint
                    ssh-rsa AAAA?                          | not valid base 64
                    ssh-rsa AAAAC3NzaC1lZDI1NTE5           | the key says of itself
                    ssh-ed25519                            | the type of a key without the key
                    ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPxYB/cplG5HQ8hs2qM8fS7gfdGE5vXN85XcTKz0 | cut short
                    ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5 | begins a certificate
                    MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48 | write what `ssh-keygen -lf KEY.pub` shows
                    16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48 | write what `ssh-keygen -lf KEY.pub` shows
                    SHA512:abc                             | write what `ssh-keygen -lf KEY.pub` shows
                    256 SHA256:fHqL1kxufcg8qUOStFz4mpOdMDLZt8LhjXWmXzGIhIw ada (ED25519) | write that alone: SHA256:fHqL1kx
                    fHqL1kxufcg8qUOStFz4mpOdMDLZt8LhjXWmXzGIhIw | write SHA256:fHqL1kx
                    from="10.0.0.0/8" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPxYB/cplG5HQ8hs2qM8fS7gfdGE5vXN85XcTKz0tdHb | options in authorized_keys
                    AAAAC3NzaC1lZDI1NTE5AAAAIPxYB/cplG5HQ8hs2qM8fS7gfdGE5vXN85XcTKz0tdHb | write '<type> AAAAC3NzaC1l
                    """)
    void whatOnlyLooksLikeAKeyIsRefused(String text, String why) {
        assertThatThrownBy(() -> ClientPattern.ofKey(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ada", "ci@*", "*", "ssh key of ada", "build host 3 (AAAA battery)", "ada's SHA-256 key"})
    void allElseIsAComment(String text) {
        assertThat(ClientPattern.ofKey(text)).isEqualTo(new ClientPattern.Name(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "@wheel", "1000"})
    void whatIsNoUserIsRefused(String text) {
        assertThatThrownBy(() -> ClientPattern.ofUser(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aPatternCoversWhatItNamesInAnyCase() {
        var any = new ClientPattern.Name("*");
        var ci = new ClientPattern.Name("ci@*");
        var one = new ClientPattern.Name("ci@a");
        assertThat(any.covers(ci)).isTrue();
        assertThat(ci.covers(one)).isTrue();
        assertThat(one.covers(ci)).isFalse();
        assertThat(ci.covers(any)).isFalse();
        assertThat(any.covers(new ClientPattern.Fingerprint(PRINT))).isTrue();
        assertThat(ci.covers(new ClientPattern.Fingerprint(PRINT))).isFalse();
        assertThat(new ClientPattern.Fingerprint(PRINT).covers(any)).isFalse();
    }

    @Test
    void whomNoRuleNamesHasWhatIsForTheOthers() {
        var rules = new ClientRules(List.of(keys("ci", PRINT)), grant("others"));
        assertThat(rules.ofKey(OTHER, "ada").rule()).isEqualTo("others");
        assertThat(rules.ofUser("root").rule()).isEqualTo("others");
        assertThat(rules.ofKey(PRINT, "ada").rule()).isEqualTo("ci");
    }

    @ParameterizedTest
    @CsvSource({"*,x", "a*c,abbc", "a*c,ac", "*@ci,b@ci", "a.c,a.c", "*,''"})
    void aStarStandsForAnyText(String pattern, String name) {
        assertThat(new ClientPattern.Name(pattern).matches(name)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"a*c,abb", "a.c,abc", "ada,ada2", "a*,ba"})
    void allElseStandsForItself(String pattern, String name) {
        assertThat(new ClientPattern.Name(pattern).matches(name)).isFalse();
    }

    @Test
    void aGrantObjectsToWhatItDoesNotAllow() {
        var grant = new ClientGrant(
                "guests",
                true,
                0,
                Optional.of(new TreeSet<>(Set.of("x86_64-linux", "i686-linux"))),
                Optional.of(new TreeSet<>(Set.of("kvm"))),
                OptionalInt.empty(),
                false);
        assertThat(grant.objection("x86_64-linux", Set.of("kvm"))).isEmpty();
        assertThat(grant.objection("builtin", Set.of())).isEmpty();
        assertThat(grant.objection("aarch64-linux", Set.of()))
                .contains("the rule 'guests' for this client in the dispatcher's settings allows builds for"
                        + " i686-linux, x86_64-linux, not for aarch64-linux");
        assertThat(grant.objection("i686-linux", Set.of("kvm", "big-parallel")))
                .contains("the rule 'guests' for this client in the dispatcher's settings allows builds that require"
                        + " kvm, not big-parallel");
        assertThat(ClientGrant.DEFAULT.objection("riscv64-linux", Set.of("quantum")))
                .isEmpty();
    }
}
