package dispatcher.cli.settings.file;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.settings.yaml.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Rules that are allowed and name nobody.
class ClientWarningsTest {
    private static final String PRINT = "SHA256:fHqL1kxufcg8qUOStFz4mpOdMDLZt8LhjXWmXzGIhIw";
    private static final String KEY =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPxYB/cplG5HQ8hs2qM8fS7gfdGE5vXN85XcTKz0tdHb";
    private static final String DEFAULT = "  - {name: others, default: true}\n";

    @TempDir
    private Path directory;

    @BeforeEach
    void authorise() throws IOException {
        var file = directory.resolve("authorized_keys");
        Files.writeString(file, "# ours\n" + KEY + " ada@laptop\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private List<String> warnings(String listen, String clients) throws IOException {
        var file = directory.resolve("d.yaml");
        Files.writeString(file, """
                listen: {%s}
                machines: [{hostName: a, system: x86_64-linux, supportedFeatures: [kvm], mandatoryFeatures: [gpu]}]
                clients:
                """.formatted(listen) + clients);
        var surroundings = new Surroundings(directory, directory, "me", "x86_64-linux", Map.of());
        return SettingsFile.load(file, surroundings).warnings().stream()
                .map(Fault::toString)
                .toList();
    }

    private List<String> warnings(String clients) throws IOException {
        return warnings("ssh: \"127.0.0.1:2222\", socket: /run/d", clients);
    }

    @Test
    void nothingIsSaidOfRulesThatNameSomebody() throws IOException {
        assertThat(warnings("""
                  - {name: a, keys: ["%s="], users: [root], systems: [x86_64-linux], features: [kvm, gpu]}
                """.formatted(PRINT) + DEFAULT)).isEmpty();
        assertThat(warnings("""
                  - {name: a, keys: ["ada@*"]}
                """ + DEFAULT)).isEmpty();
    }

    @Test
    void keysThatAreNotAuthorisedAreTold() throws IOException {
        assertThat(warnings("""
                  - name: a
                    keys:
                      - "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                      - ada@desktop
                """ + DEFAULT))
                .containsExactly(
                        "d.yaml:6: clients[0].keys[0]: names no key in %s, so that this entry is for nobody by it"
                                .formatted(directory.resolve("authorized_keys")),
                        "d.yaml:7: clients[0].keys[1]: names no key in %s, so that this entry is for nobody by it"
                                .formatted(directory.resolve("authorized_keys")));
    }

    @Test
    void keysAreNoMatterWithoutSshOrWhileThereAreNone() throws IOException {
        var rules = "  - {name: a, keys: [bob]}\n" + DEFAULT;
        assertThat(warnings("socket: /run/d", rules)).isEmpty();
        Files.delete(directory.resolve("authorized_keys"));
        assertThat(warnings(rules)).isEmpty();
    }

    @Test
    void usersSystemsAndFeaturesThatThereAreNotAreTold() throws IOException {
        assertThat(warnings("""
                  - {name: a, users: [no-such-user-here, "*x"], systems: [x86_64-linx, aarch64-darwin], features: [kmv]}
                """ + DEFAULT))
                .containsExactlyInAnyOrder(
                        "d.yaml:4: clients[0].users[0]: there is no user 'no-such-user-here' on this host",
                        "d.yaml:4: clients[0].systems[0]: no machine builds for 'x86_64-linx'; did you mean"
                                + " 'x86_64-linux'?",
                        "d.yaml:4: clients[0].systems[1]: no machine builds for 'aarch64-darwin'",
                        "d.yaml:4: clients[0].features[0]: no machine has 'kmv'; did you mean 'kvm'?");
    }

    @Test
    void entriesThatNeverCountAreTold() throws IOException {
        assertThat(warnings("""
                  - {name: a, keys: ["ada@*"], users: ["ro*"]}
                  - {name: b, keys: ["%s", "ada@laptop"], users: [root]}
                """.formatted(PRINT) + DEFAULT))
                .containsExactly(
                        ("d.yaml:5: clients[1].keys[0]: never counts, as the key in %s:2 is named by the entry 'a' in line"
                                        + " 4, and the first one counts")
                                .formatted(directory.resolve("authorized_keys")),
                        "d.yaml:5: clients[1].keys[1]: never counts, as the entry 'a' in line 4 names whom this names,"
                                + " and the first one counts",
                        "d.yaml:5: clients[1].users[0]: never counts, as the entry 'a' in line 4 names whom this names,"
                                + " and the first one counts");
    }

    @Test
    void warnsOfWhatOthersGetUntilTheSettingsSayIt() throws IOException {
        var warning =
                "d.yaml:3: clients: clients that no entry names are trusted and may do everything; say so, or what else"
                        + " they may do, with a last entry such as {name: others, default: true, trusted: false}";
        assertThat(warnings("  - {name: a, users: [root]}\n")).containsExactly(warning);
        assertThat(warnings("  - {name: a, keys: [\"*\"]}\n")).containsExactly(warning);
        assertThat(warnings("  - {name: a, keys: [\"*\"], users: [\"*\"]}\n")).isEmpty();
        assertThat(warnings("socket: /run/d", "  - {name: a, users: [\"*\"]}\n"))
                .isEmpty();
        assertThat(warnings("")).isEmpty();
    }
}
