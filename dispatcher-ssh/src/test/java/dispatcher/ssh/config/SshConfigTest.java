package dispatcher.ssh.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SshConfigTest {
    @TempDir
    private Path home;

    private Path write(String name, String text) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        return file;
    }

    private Asked asked(String name) {
        return new Asked(name, Optional.empty(), Optional.empty(), home, "me");
    }

    private HostSettings lookUp(String name, String text) throws IOException {
        return SshConfig.lookUp(List.of(write(".ssh/config", text)), asked(name));
    }

    @Test
    void anAliasGetsAllThatIsSaidOfItWithFileAndLine() throws Exception {
        HostSettings said = lookUp("arm-1", """
                # machines
                Host arm-*
                    HostName %h.example.org
                    Port=2222
                    User "nix user"
                    IdentityFile ~/.ssh/%r@%h
                    IdentityFile %d/second
                    HostKeyAlias arms
                    ProxyJump me@gate:2200,inner
                    UserKnownHostsFile ~/.ssh/arms /etc/ssh/arms
                    IdentitiesOnly yes
                    IdentityAgent ~/.agent
                """);
        assertThat(said.host()).isEqualTo("arm-1.example.org");
        assertThat(said.port()).contains(2222);
        assertThat(said.user()).contains("nix user");
        assertThat(said.identityFiles())
                .containsExactly(home.resolve(".ssh/nix user@arm-1.example.org"), home.resolve("second"));
        assertThat(said.hostKeyAlias()).contains("arms");
        assertThat(said.jumps()).containsExactly("me@gate:2200", "inner");
        assertThat(said.knownHosts()).containsExactly(home.resolve(".ssh/arms"), Path.of("/etc/ssh/arms"));
        assertThat(said.identitiesOnly()).isTrue();
        assertThat(said.agent()).contains(home.resolve(".agent").toString());
        assertThat(said.explained())
                .contains("HostName arm-1.example.org (%s line 3)".formatted(home.resolve(".ssh/config")))
                .contains("Port 2222 (%s line 4)".formatted(home.resolve(".ssh/config")));
        assertThat(said.warnings()).isEmpty();
    }

    @Test
    void theFirstValueCountsAndThatOfTheUserBeforeThatOfTheHost() throws Exception {
        Path user = write(".ssh/config", "Host a\n Port 1\nHost *\n Port 2\n User one\n");
        Path system = write("ssh_config", "Port 3\nUser two\nHostName b\n");
        HostSettings said = SshConfig.lookUp(List.of(user, system), asked("a"));
        assertThat(said.port()).contains(1);
        assertThat(said.user()).contains("one");
        assertThat(said.host()).isEqualTo("b");
    }

    @Test
    void whatTheMachineSaysWins() throws Exception {
        Path file = write(".ssh/config", "Host a\n Port 1\n User one\n IdentityFile ~/%r-%p\n");
        HostSettings said =
                SshConfig.lookUp(List.of(file), new Asked("a", Optional.of("mine"), Optional.of(22), home, "me"));
        assertThat(said.port()).isEmpty();
        assertThat(said.user()).isEmpty();
        assertThat(said.identityFiles()).containsExactly(home.resolve("mine-22"));
        assertThat(said.explained()).doesNotContain("Port", "User");
    }

    @Test
    void anExcludedPatternIsNotMatched() throws Exception {
        String text = "Host *.org !gate.org\n Port 5\n";
        assertThat(lookUp("a.org", text).port()).contains(5);
        assertThat(lookUp("gate.org", text).port()).isEmpty();
        assertThat(lookUp("A.ORG", text).port()).isEmpty();
    }

    @Nested
    class Matches {
        @Test
        void byHostUserAndAll() throws Exception {
            assertThat(lookUp("a", "HostName b.org\nMatch host *.ORG,c\n Port 5\n")
                            .port())
                    .contains(5);
            assertThat(lookUp("a", "HostName b.org\nMatch originalhost b.org\n Port 5\n")
                            .port())
                    .isEmpty();
            assertThat(lookUp("a", "User x\nMatch user x\n Port 5\n").port()).contains(5);
            assertThat(lookUp("a", "Match user me\n Port 5\n").port()).contains(5);
            assertThat(lookUp("a", "Match localuser !me,*\n Port 5\n").port()).isEmpty();
            assertThat(lookUp("a", "Match !host b localuser=me\n Port 5\n").port())
                    .contains(5);
            assertThat(lookUp("a", "Host b\n Port 4\nMatch all\n Port 5\n").port())
                    .contains(5);
        }

        @Test
        void anUnknownCriterionIsSkippedWithAWarning() throws Exception {
            HostSettings said = lookUp("a", "Match exec \"true\"\n Port 4\nHost a\n Port 5\n");
            assertThat(said.port()).contains(5);
            assertThat(said.warnings())
                    .singleElement()
                    .asString()
                    .contains(home.resolve(".ssh/config") + " line 1", "`Match exec` is not supported");
        }
    }

    @Nested
    class Includes {
        @Test
        void filesByPatternsInTheirOrder() throws Exception {
            write(".ssh/config.d/10-a", "Host a\n Port 10\n");
            write(".ssh/config.d/20-b", "Host a\n Port 20\n User b\n");
            write(".ssh/config.d/.hidden", "Host a\n HostName hidden\n");
            HostSettings said = lookUp("a", "Include config.d/* ~/nothing-*\nHost a\n HostName c\n");
            assertThat(said.port()).contains(10);
            assertThat(said.user()).contains("b");
            assertThat(said.host()).isEqualTo("c");
            assertThat(said.explained()).contains(home.resolve(".ssh/config.d/10-a") + " line 2");
            assertThat(said.warnings()).isEmpty();
        }

        @Test
        void countOnlyWhereTheirBlockDoes() throws Exception {
            write(".ssh/more", "Port 7\nHost *\n User u\n");
            assertThat(lookUp("a", "Host b\n Include more\n").port()).isEmpty();
            assertThat(lookUp("a", "Host b\n Include more\n").user()).isEmpty();
            assertThat(lookUp("b", "Host b\n Include more\n").user()).contains("u");
        }

        @Test
        void aHostLineOfAnIncludedFileEndsWithIt() throws Exception {
            write(".ssh/more", "Host other\n Port 7\n");
            assertThat(lookUp("a", "Include more\nPort 8\n").port()).contains(8);
        }

        @Test
        void aCircleEndsWithAWarning() throws Exception {
            HostSettings said = lookUp("a", "Include config\nPort 8\n");
            assertThat(said.port()).contains(8);
            assertThat(said.warnings()).singleElement().asString().contains("more than 16 files");
        }

        @Test
        void aBushEndsWithAWarning() throws Exception {
            HostSettings said = lookUp("a", "Include config config config\nPort 8\n");
            assertThat(said.port()).contains(8);
            assertThat(said.warnings()).anySatisfy(it -> assertThat(it).contains("more than 256 files"));
        }
    }

    @Nested
    class Faults {
        @Test
        void takeOnlyTheirLineOutOfUse() throws Exception {
            HostSettings said = lookUp("a", """
                    HostName "a b
                    Port 99999
                    User
                    HostName %z
                    IdentityFile relative
                    IdentityFile ~/good
                    ProxyJump a,,b
                    HostKeyAlias fine
                    """);
            assertThat(said.host()).isEqualTo("a");
            assertThat(said.hostKeyAlias()).contains("fine");
            assertThat(said.identityFiles()).containsExactly(home.resolve("good"));
            assertThat(said.jumps()).isEmpty();
            assertThat(said.warnings())
                    .anySatisfy(it -> assertThat(it).contains("line 1", "quote"))
                    .anySatisfy(it -> assertThat(it).contains("line 2", "99999"))
                    .anySatisfy(it -> assertThat(it).contains("line 3", "no value"))
                    .anySatisfy(it -> assertThat(it).contains("line 4", "%z"))
                    .anySatisfy(it -> assertThat(it).contains("line 5", "relative"))
                    .anySatisfy(it -> assertThat(it).contains("line 7", "a,,b"));
        }

        @Test
        void aFileThatOthersCanWriteIsNotUsed() throws Exception {
            Path file = write(".ssh/config", "Port 5\n");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));
            HostSettings said = SshConfig.lookUp(List.of(file), asked("a"));
            assertThat(said.port()).isEmpty();
            assertThat(said.warnings()).singleElement().asString().contains("chmod go-w " + file);
        }

        @Test
        void aFileThatIsTooLargeIsNotUsed() throws Exception {
            HostSettings said = lookUp("a", "Port 5\n" + "# much\n".repeat(200_000));
            assertThat(said.port()).isEmpty();
            assertThat(said.warnings()).singleElement().asString().contains("more than 1048576 bytes");
        }

        @Test
        void aFileThatIsMissingIsNone() {
            HostSettings said = SshConfig.lookUp(List.of(home.resolve("none")), asked("a"));
            assertThat(said.host()).isEqualTo("a");
            assertThat(said.warnings()).isEmpty();
        }
    }

    @Test
    void proxyCommandIsNotRunAndSaidSo() throws Exception {
        HostSettings said = lookUp("a", "ProxyCommand ssh -W %h:%p gate\nProxyJump gate\n");
        assertThat(said.jumps()).isEmpty();
        assertThat(said.warnings()).singleElement().asString().contains("line 1", "ProxyCommand is not run");
        assertThat(lookUp("a", "ProxyJump none\nProxyCommand x\n").warnings()).isEmpty();
    }

    @Test
    void commentsAfterValuesAndEqualSignsAreRead() throws Exception {
        HostSettings said = lookUp("a", "Host = a # mine\n\tPort = 5 # five\n  User=\"b#c\"\n");
        assertThat(said.port()).contains(5);
        assertThat(said.user()).contains("b#c");
    }
}
