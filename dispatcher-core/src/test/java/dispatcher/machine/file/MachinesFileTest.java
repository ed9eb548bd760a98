package dispatcher.machine.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Choice;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineProtocol;
import dispatcher.machine.PublicHostKey;
import dispatcher.machine.PublicHostKeyTest;
import dispatcher.machine.Reach;
import dispatcher.machine.file.MachinesFile.Defaults;
import dispatcher.machine.file.MachinesFile.Entry;
import dispatcher.machine.file.MachinesFile.Includes;
import dispatcher.machine.file.MachinesFile.Remark;
import dispatcher.machine.file.MachinesFile.Rules;
import dispatcher.machine.file.MachinesFile.Source;
import dispatcher.testkit.NixVectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MachinesFileTest {
    private static final Defaults DEFAULTS = new Defaults("me", "x86_64-linux");
    private static final Includes NO_FILES = (path, from) -> Optional.empty();

    @Nested
    class Fields {
        @Test
        void allOfThem() {
            var machine = only(
                    "ssh-ng://nix@arm-3:2222 aarch64-linux,armv7l-linux /etc/key 8 2.5 kvm,big-parallel" + " benchmark "
                            + PublicHostKey.parse(PublicHostKeyTest.LINE).encodedLine() + " more");

            assertThat(machine.name()).isEqualTo("arm-3");
            assertThat(machine.address())
                    .isEqualTo(new MachineAddress(
                            "arm-3",
                            2222,
                            "nix",
                            Optional.of(Path.of("/etc/key")),
                            Optional.of(PublicHostKeyTest.LINE)));
            assertThat(machine.protocol()).isEqualTo(MachineProtocol.SSH_NG);
            assertThat(machine.systems()).containsExactly("aarch64-linux", "armv7l-linux");
            assertThat(machine.maxJobs()).isEqualTo(8);
            assertThat(machine.speedFactor()).isEqualTo(2.5);
            assertThat(machine.supportedFeatures()).containsExactly("big-parallel", "kvm");
            assertThat(machine.mandatoryFeatures()).containsExactly("benchmark");
        }

        @Test
        void haveDefaultsForMissingOnesAndDashes() {
            for (var line : List.of("arm-3", "arm-3 - - - - - - -", "\tarm-3 \t- ")) {
                var machine = only(line);

                assertThat(machine.address())
                        .isEqualTo(new MachineAddress(
                                "arm-3", 22, "me", Optional.empty(), Optional.empty(), Reach.stating(false, false)));
                assertThat(machine.protocol()).isEqualTo(MachineProtocol.SSH);
                assertThat(machine.systems()).containsExactly("x86_64-linux");
                assertThat(machine.maxJobs()).isEqualTo(1);
                assertThat(machine.speedFactor()).isEqualTo(1);
                assertThat(machine.supportedFeatures()).isEmpty();
                assertThat(machine.mandatoryFeatures()).isEmpty();
            }
        }

        @Test
        void keyAndHostKeyComeFromTheUriToo() {
            var encoded = PublicHostKey.parse(PublicHostKeyTest.LINE).encodedLine();
            var uri = "ssh-ng://a?ssh-key=/in/uri&base64-ssh-public-host-key=" + encoded;

            assertThat(only(uri).address().keyFile()).contains(Path.of("/in/uri"));
            assertThat(only(uri).address().publicHostKey()).contains(PublicHostKeyTest.LINE);
            assertThat(only(uri + " - /in/field").address().keyFile()).contains(Path.of("/in/field"));
        }

        @Test
        void severalHostKeysComeFromOneField() {
            var encoded = Base64.getEncoder()
                    .encodeToString((PublicHostKeyTest.LINE + " a\nssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQU= b\n")
                            .getBytes(UTF_8));

            assertThat(only("a - - - - - - " + encoded).address().publicHostKey())
                    .contains(PublicHostKeyTest.LINE + "\nssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQU=");
        }

        @Test
        void theRemoteProgramIsComposedAsNixDoes() {
            assertThat(only("ssh-ng://a?remote-program=/opt/nix/bin/nix-daemon").command())
                    .isEqualTo("/opt/nix/bin/nix-daemon --stdio");
            assertThat(only("ssh-ng://a?remote-program=sudo%20-n%20%20nix-daemon")
                            .command())
                    .isEqualTo("sudo -n nix-daemon --stdio");
            assertThat(only("ssh://a?remote-program=/opt/nix/bin/nix-store").command())
                    .isEqualTo("/opt/nix/bin/nix-store --serve --write");
            assertThat(only("ssh://a?remote-program=").command()).isEqualTo("nix-store --serve --write");
            assertThat(only("ssh-ng://a").command()).isEqualTo("nix-daemon --stdio");
            assertThat(parse("ssh-ng://a?remote-program=x%00y").faults())
                    .extracting(Remark::toString)
                    .containsExactly("machines:1: store URI: remote-program: there are control characters in it");
        }

        @Test
        void theMachinesOwnStoreMayBeNamed() {
            var file = parse("""
                    a?remote-store=daemon
                    b?remote-store=auto
                    c?remote-store=local&store=/nix/store&root=
                    d?remote-store=/x
                    e?store=/ref
                    f?root=/mnt
                    """);

            assertThat(names(file)).containsExactly("a", "b", "c");
            assertThat(file.faults()).extracting(Remark::line).containsExactly(4, 5, 6);
            assertThat(file.warnings()).isEmpty();
        }

        @Test
        void thePortMayStandAsAParameter() {
            assertThat(only("ssh-ng://lix@a?port=1337").address().port()).isEqualTo(1337);
            assertThat(parse("ssh-ng://a?port=x").faults()).hasSize(1);
        }

        @Test
        void aSpeedOfZeroCountsAsOne() {
            assertThat(only("a - - - 0").speedFactor()).isEqualTo(1);
        }

        @Test
        void noJobsIsAllowed() {
            assertThat(only("a - - 0").maxJobs()).isZero();
        }
    }

    @Nested
    class Faults {
        @Test
        void areFoundAllAtOnceWithFileLineAndField() {
            var file = parse("""
                    good
                    unix:///run/socket

                    a - - eight fast - - ****  # two good ones follow
                    b; c ; ssh://d?remote-store=/x
                    """);

            assertThat(file.faults())
                    .extracting(Remark::toString)
                    .containsExactly(
                            "machines:2: store URI: 'unix:///run/socket' is not a store URI of a machine: machines are"
                                    + " reached by ssh-ng:// or ssh://, and not by unix://",
                            "machines:4: max-jobs: 'eight' is not a whole number of 0 or more",
                            "machines:4: speed-factor: 'fast' is not a number of 0 or more",
                            "machines:4: public-host-key: '****' is not a public host key: it is not valid base 64",
                            "machines:5: store URI: remote-store leads to another store on the machine than its own");
            assertThat(names(file)).containsExactly("good", "b", "c");
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                quoteCharacter = '"',
                value = {
                    "ssh://a  4 1 kvm                     | systems: '4' is no system such as x86_64-linux; it looks like max-jobs",
                    "ssh://a  /root/key 4 1               | systems: '/root/key' is no system such as x86_64-linux; it looks like the ssh-key",
                    "ssh://a x86_64-linux  4 1 kvm        | ssh-key: '4' is no path with a / in it; it looks like max-jobs",
                    "ssh://a - x86_64-linux 4             | ssh-key: 'x86_64-linux' is no path with a / in it; it looks like a system",
                    "ssh://a x86_64-linux - /root/key     | max-jobs: '/root/key' is not a whole number of 0 or more; it looks like the ssh-key",
                    "ssh://a x86_64-linux /k 4 1 2        | supported features: '2' is no feature; it looks like max-jobs",
                    "ssh://a x86_64-linux /k 4 1 kvm KEY  | mandatory features: 'KEY' is no feature; it looks like the public-host-key",
                    "ssh://a x86_64-linux /k 4 KEY        | speed-factor: 'KEY' is not a number of 0 or more; it looks like the public-host-key",
                    "x86_64-linux /k 4                    | store URI: it is missing: 'x86_64-linux' is none; it looks like a system"
                })
        void areToldWhereAColumnIsLeftOut(String line, String fault) {
            var key = PublicHostKey.parse(PublicHostKeyTest.LINE).encodedLine();
            var file = parse(line.replace("KEY", key));

            assertThat(file.entries()).isEmpty();
            assertThat(file.faults())
                    .extracting(Remark::toString)
                    .singleElement()
                    .satisfies(text -> assertThat(text)
                            .startsWith("machines:1: " + fault.replace("KEY", key))
                            .endsWith(": is a column before it left out? Write - for an empty one"));
        }

        @Test
        void featuresDividedByBlanksAreTold() {
            var file = parse("ssh://a x86_64-linux - 4 1 big-parallel kvm\nb - - 1 1 kvm,x kvm\nc - - 1 1 - kvm");

            assertThat(names(file)).containsExactly("a", "b", "c");
            assertThat(file.warnings())
                    .extracting(Remark::toString)
                    .containsExactly(
                            "machines:1: mandatory features: only builds that require kvm go there; if it should"
                                    + " take others too, divide the features by commas, not blanks: big-parallel,kvm");
            assertThat(parse("a x86_64-linux - 4 1 big-parallel kvm nixos-test").faults())
                    .extracting(Remark::message)
                    .singleElement()
                    .satisfies(message -> assertThat(message)
                            .endsWith("; if it is a feature, divide the features by commas, not blanks"));
        }

        @Test
        void tomlIsNoListOfMachines() {
            for (var text : List.of(
                    "version = 1\n", "[machines.a]\nuri = 'b'", "# x\n  machines.a = {uri = 'b'}", "machines={}"))
                assertThat(MachinesFile.isToml(text)).as(text).isTrue();
            for (var text : List.of("version - - 1", "machines - - 2", "machines.example.org", "a\nssh-ng://b?x=y"))
                assertThat(MachinesFile.isToml(text)).as(text).isFalse();
        }

        @Test
        void includedTomlIsAFault() {
            var file = MachinesFile.parse(
                    new Source("m", 1, "a\n@b"),
                    (path, from) -> Optional.of(new Source(path, 1, "[machines.x]")),
                    DEFAULTS);

            assertThat(names(file)).containsExactly("a");
            assertThat(file.faults())
                    .extracting(Remark::toString)
                    .containsExactly("m:2: inclusion: b is TOML, which only machinesFile itself can name");
        }

        @Test
        void negativeAndHugeNumbersAreFaults() {
            assertThat(parse("a - - -1 -1").faults()).hasSize(2);
            assertThat(parse("a - - 99999999999 1e5").faults()).hasSize(2);
        }
    }

    @Test
    void moreFaultsThanAnyoneMakesEndTheReading() {
        var file = parse("a - - x\n".repeat(1000) + "b");

        assertThat(file.faults())
                .hasSize(MachinesFileReader.MOST_REMARKS + 1)
                .last()
                .hasToString("machines:51: entries: there are more than 50 faults; what follows is not read");
        assertThat(file.entries()).isEmpty();
    }

    @Test
    void moreWarningsThanAnyoneReadsKeepNoEntryOut() {
        var file = parse("ssh://a?x=y\n".repeat(1000));

        assertThat(file.warnings())
                .hasSize(MachinesFileReader.MOST_REMARKS + 1)
                .last()
                .hasToString("machines:51: entries: there are more than 50 warnings; no more of them are shown");
        assertThat(file.faults()).isEmpty();
        assertThat(file.entries()).hasSize(1000).last().extracting(Entry::line).isEqualTo(1000);
    }

    @Test
    void compressionIsThatOfNixWhereItIsGiven() {
        assertThat(parse("a?compress=true; b?compress=0; c").entries())
                .extracting(entry -> entry.machine().compression())
                .containsExactly(Choice.YES, Choice.NO, Choice.AUTO);
        assertThat(parse("a?compress=much").faults())
                .extracting(Remark::toString)
                .containsExactly("machines:1: store URI: compress is neither true nor false");
    }

    @Nested
    class Warnings {
        @Test
        void tellWhatIsIgnored() {
            var file = parse("ssh://a?remote-program=/bin/x&lane=2&max-connections=3&compress=true");

            assertThat(names(file)).containsExactly("a");
            assertThat(file.warnings())
                    .extracting(Remark::toString)
                    .containsExactly("machines:1: store URI: unknown parameter lane is ignored");
        }

        @Test
        void tellWhereAnOlderNixReadsSomethingElse() {
            var file = parse("a # not b; c\n  @more\na2 # fine;\n");

            assertThat(file.warnings())
                    .extracting(remark -> remark.line() + " " + remark.field())
                    .contains("1 comment", "2 inclusion")
                    .doesNotContain("3 comment");
        }
    }

    @Nested
    class Entries {
        @Test
        void standOnLinesOrBetweenSemicolons() {
            assertThat(names(parse("a;b\n\n # c\n;;\n d ; e # ; f"))).containsExactly("a", "b", "d", "e");
        }

        @Test
        void byTheOlderRulesASemicolonEndsAComment() {
            var file = MachinesFile.parse(new Source("m", 1, "a # x;b\nc"), NO_FILES, DEFAULTS, Rules.UNTIL_2_28);

            assertThat(names(file)).containsExactly("a", "b", "c");
            assertThat(file.warnings()).isEmpty();
        }

        @Test
        void byTheOlderRulesAnIndentedInclusionOrCommentIsAFault() {
            var file = MachinesFile.parse(new Source("m", 1, " @f\n # x\n  \na"), NO_FILES, DEFAULTS, Rules.UNTIL_2_28);

            assertThat(file.faults()).extracting(Remark::line).containsExactly(1, 2, 3);
            assertThat(names(file)).containsExactly("a");
        }

        @Test
        void bothRulesReadPlainFilesAlike() {
            var text = "a x86_64-linux - 2;b\n\n# nothing here\nssh-ng://c aarch64-linux # arm\n";
            var source = new Source("m", 1, text);

            assertThat(MachinesFile.parse(source, NO_FILES, DEFAULTS, Rules.UNTIL_2_28)
                            .entries())
                    .isEqualTo(MachinesFile.parse(source, NO_FILES, DEFAULTS, Rules.SINCE_2_29)
                            .entries())
                    .hasSize(3);
        }

        @Test
        void knowTheirLine() {
            var file = MachinesFile.parse(new Source("settings.yaml", 7, "\na\n"), NO_FILES, DEFAULTS);

            assertThat(file.entries()).extracting(MachinesFile.Entry::line).containsExactly(8);
        }

        @Test
        void ofOneHostHaveNamesOfTheirOwn() {
            assertThat(names(parse("a\na\nssh://a:2222\nssh-ng://a:2222\nssh://[::1]\nssh://[::1]:23")))
                    .containsExactly("a", "a#2", "a:2222", "a#3", "::1", "[::1]:23");
        }

        @Test
        void mayEndInCarriageReturns() {
            assertThat(names(parse("a\r\nb - - 2\r\n\r\n"))).containsExactly("a", "b");
        }
    }

    @Nested
    class Inclusions {
        private final Map<String, String> files = Map.of(
                "/etc/a", "a; @/etc/b",
                "/etc/b", "b\nbad://x\n",
                "/etc/circle", "x\n@/etc/circle2",
                "/etc/circle2", "@/etc/circle");

        private MachinesFile parse(String text) {
            return MachinesFile.parse(
                    new Source("machines", 1, text),
                    (path, from) -> Optional.ofNullable(files.get(path)).map(found -> new Source(path, 1, found)),
                    DEFAULTS);
        }

        @Test
        void nestAndNameTheirFile() {
            var file = parse("@ /etc/a ; c");

            assertThat(names(file)).containsExactly("a", "b", "c");
            assertThat(file.entries().get(1).source()).isEqualTo("/etc/b");
            assertThat(file.faults())
                    .extracting(remark -> remark.source() + ":" + remark.line())
                    .containsExactly("/etc/b:2");
        }

        @Test
        void inACircleAreAFault() {
            var file = parse("@/etc/circle");

            assertThat(file.faults())
                    .extracting(Remark::toString)
                    .containsExactly("/etc/circle2:1: inclusion: files include each other in a circle: machines >"
                            + " /etc/circle > /etc/circle2 > /etc/circle");
            assertThat(names(file)).containsExactly("x");
        }

        @Test
        void twiceTheSameIsNoCircle() {
            assertThat(names(parse("@/etc/a\n@/etc/a"))).containsExactly("a", "b", "a#2", "b#2");
        }

        @Test
        void ofAMissingFileIsSkippedWithAWarning() {
            var file = parse("@/etc/none\nc");

            assertThat(names(file)).containsExactly("c");
            assertThat(file.faults()).isEmpty();
            assertThat(file.warnings())
                    .extracting(Remark::toString)
                    .containsExactly("machines:1: inclusion: there is no file /etc/none; it is skipped");
        }

        @Test
        void thatDoubleWithEachFileComeToAnEnd() {
            var reads = new AtomicInteger();
            var file = MachinesFile.parse(
                    new Source("0", 1, "@1\n@1"),
                    (path, from) -> {
                        reads.incrementAndGet();
                        int next = Integer.parseInt(path) + 1;
                        return Optional.of(new Source(path, 1, next > 40 ? "a" : "@%d\n@%d".formatted(next, next)));
                    },
                    DEFAULTS);

            assertThat(reads).hasValue(MachinesFileReader.MOST_INCLUSIONS);
            assertThat(file.faults())
                    .first()
                    .extracting(Remark::message)
                    .isEqualTo("is one more than the 100 that are read; put the machines into fewer files");
        }

        @Test
        void ofAnUnreadableFileIsAFault() {
            var file = MachinesFile.parse(
                    new Source("machines", 1, "@/etc/shadow"),
                    (path, from) -> {
                        throw new IOException("permission denied");
                    },
                    DEFAULTS);

            assertThat(file.faults())
                    .extracting(Remark::toString)
                    .containsExactly("machines:1: inclusion: /etc/shadow cannot be read: permission denied");
        }
    }

    @Nested
    class NixOwnTestData {
        @Test
        void validFilesAreRead() throws IOException {
            for (var rules : Rules.values()) {
                var file = read("machines/valid", rules);

                assertThat(file.faults()).isEmpty();
                assertThat(names(file))
                        .containsExactly("scratchy.labs.cs.uu.nl", "itchy.labs.cs.uu.nl", "poochie.labs.cs.uu.nl");
                var poochie = file.entries().get(2).machine();
                assertThat(poochie.address().user()).isEqualTo("nix");
                assertThat(poochie.address().keyFile()).contains(Path.of("/home/nix/.ssh/id_scratchy_auto"));
                assertThat(poochie.address().publicHostKey().orElseThrow()).startsWith("ssh-rsa AAAAB3NzaC1yc2E");
                assertThat(poochie.systems()).containsExactly("i686-linux");
                assertThat(poochie.maxJobs()).isEqualTo(1);
                assertThat(poochie.speedFactor()).isEqualTo(2);
                assertThat(poochie.supportedFeatures()).containsExactly("kvm");
                assertThat(poochie.mandatoryFeatures()).containsExactly("benchmark");
            }
        }

        @Test
        void badFilesAreRefused() throws IOException {
            for (var rules : Rules.values()) {
                var file = read("machines/bad_format", rules);

                assertThat(file.entries()).isEmpty();
                assertThat(file.faults())
                        .extracting(Remark::toString)
                        .containsExactly("bad_format:1: max-jobs: 'eight' is not a whole number of 0 or more");
            }
        }

        private static MachinesFile read(String name, Rules rules) throws IOException {
            var path = NixVectors.path(name);
            return MachinesFile.parse(
                    new Source(path.getFileName().toString(), 1, Files.readString(path)), NO_FILES, DEFAULTS, rules);
        }
    }

    private static MachinesFile parse(String text) {
        return MachinesFile.parse(new Source("machines", 1, text), NO_FILES, DEFAULTS);
    }

    private static Machine only(String text) {
        var file = parse(text);
        assertThat(file.faults()).isEmpty();
        assertThat(file.entries()).hasSize(1);
        return file.entries().getFirst().machine();
    }

    private static List<String> names(MachinesFile file) {
        return file.entries().stream().map(entry -> entry.machine().name()).toList();
    }
}
