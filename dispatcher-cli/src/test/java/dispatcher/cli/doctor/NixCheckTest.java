package dispatcher.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.doctor.Finding.State;
import dispatcher.cli.doctor.Programs.Ran;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Nix on this host, made of its answers.
class NixCheckTest {
    private static final String OURS =
            "ssh-ng://localhost?remote-program=/opt/dispatcher/bin/dispatcher-stdio%20/run/s";
    private static final String LINE = OURS + " x86_64-linux - 1000 1 kvm -";

    private final List<List<String>> asked = new ArrayList<>();
    private final Map<String, String> conf = new HashMap<>(Map.of(
            "builders", LINE,
            "max-jobs", "0",
            "builders-use-substitutes", "true",
            "trusted-users", "root",
            "sandbox", "true"));
    private Ran reached = new Ran(0, "Store URL: ssh-ng://localhost\nVersion: dispatcher 0.1\n", "");
    private Ran built = new Ran(0, "/nix/store/x-dispatcher-trial\n", "");

    @Test
    void aHostThatIsSetUpWellHasNoFindingButOk() throws Exception {
        assertThat(findings("root", true)).extracting(Finding::state).containsOnly(State.OK);
        assertThat(finding("build").why()).contains("/nix/store/x-dispatcher-trial", "on builder-2");
        assertThat(finding("reached by root").why()).endsWith(", dispatcher 0.1");
    }

    @Test
    void noBuildersIsAFaultWithTheLineToPaste() throws Exception {
        conf.put("builders", "");

        assertThat(finding("builders"))
                .returns(State.FAULT, Finding::state)
                .returns("/etc/nix/nix.conf", Finding::where)
                .satisfies(it -> assertThat(it.next()).contains("builders = ", "dispatcher builders"));
        assertThat(findings("root", true)).extracting(Finding::check).doesNotContain("build");
    }

    @Test
    void anEntryBesideTheDispatcherIsNamed() throws Exception {
        conf.put("builders", LINE + " ; ssh://old-builder x86_64-linux");

        assertThat(finding("builders").why()).contains("1 of 2 entries are not the dispatcher");
    }

    @Test
    void theSameEntryTwiceIsNoticedAndLanesAreNot() throws Exception {
        conf.put("builders", LINE + "\n" + LINE);
        assertThat(finding("builders").why()).contains("twice");

        conf.put("builders", LINE + "\n" + LINE.replace("/run/s", "/run/s&priority=2"));
        assertThat(finding("builders").state()).isEqualTo(State.OK);
    }

    @Test
    void anEntryThatIsNotWellFormedIsAFault() throws Exception {
        conf.put("builders", "ssh-ng://host x86_64-linux - many 1");

        assertThat(finding("builders"))
                .returns(State.FAULT, Finding::state)
                .satisfies(it -> assertThat(it.why()).contains("ssh-ng://host x86_64-linux - many 1"));
    }

    @Test
    void uploadsThatMachinesCouldSpareAreAWarning() throws Exception {
        conf.put("builders-use-substitutes", "false");

        assertThat(finding("builders-use-substitutes"))
                .returns(State.WARNING, Finding::state)
                .returns("builders-use-substitutes = true", Finding::next);
    }

    @Test
    void aDispatcherThatIsNotReachedIsAFaultWithNixsOwnWords() throws Exception {
        reached = new Ran(1, "", "warning: x\nerror: cannot connect to 'localhost'\n");

        assertThat(finding("reached by root"))
                .returns(State.FAULT, Finding::state)
                .satisfies(it -> assertThat(it.why()).endsWith("error: cannot connect to 'localhost'"));
    }

    @Test
    void whatRootReachesIsNotKnownToOthers() throws Exception {
        assertThat(findings("eve", false))
                .anySatisfy(it -> assertThat(it)
                        .returns("reached by root", Finding::check)
                        .returns(State.UNKNOWN, Finding::state)
                        .returns("run `sudo dispatcher doctor`", Finding::next));
    }

    @Test
    void aBuildThatFailsIsAFault() throws Exception {
        built = new Ran(Ran.TOO_LONG, "", "");

        assertThat(finding("build"))
                .returns(State.FAULT, Finding::state)
                .returns("it did not end in time", Finding::why);
    }

    @Test
    void aHostWithoutNixIsNotAskedFurther() throws Exception {
        var check =
                new NixCheck((_, _) -> new Ran(Ran.NOT_THERE, "", ""), "root", Optional.empty(), _ -> Optional.empty());

        assertThat(check.findings(true)).singleElement().returns(State.UNKNOWN, Finding::state);
    }

    @Test
    void nothingIsBuiltIfThatIsNotWanted() throws Exception {
        findings("root", false);

        assertThat(asked).noneSatisfy(command -> assertThat(command.getFirst()).isEqualTo("nix-build"));
    }

    private Finding finding(String check) throws InterruptedException {
        return findings("root", true).stream()
                .filter(it -> it.check().equals(check))
                .findFirst()
                .orElseThrow();
    }

    private List<Finding> findings(String user, boolean build) throws InterruptedException {
        return new NixCheck((_, command) -> run(command), user, Optional.empty(), _ -> Optional.of("builder-2"))
                .findings(build);
    }

    private Ran run(List<String> command) {
        asked.add(command);
        if (command.contains("--version")) return new Ran(0, "nix (Nix) 2.31.1\n", "");
        if (command.contains("config")) {
            var text = new StringBuilder();
            conf.forEach((name, value) ->
                    text.append(name).append(" = ").append(value).append('\n'));
            return new Ran(0, text.toString(), "");
        }
        if (command.contains("store")) return reached;
        return built;
    }
}
