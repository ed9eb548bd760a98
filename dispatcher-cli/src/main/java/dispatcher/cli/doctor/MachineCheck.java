package dispatcher.cli.doctor;

import dispatcher.cli.ping.Answer;
import dispatcher.cli.ping.Pinger;
import dispatcher.cli.ping.Problem;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.terminal.Sizes;
import dispatcher.machine.Machine;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// Looks at a machine: as `ping` does, and then at its own settings, its disk and clock, and whether it builds. Safe
/// for any number of threads.
///
/// @param ways gives the way to a machine, which is closed after use
record MachineCheck(Settings settings, Function<Machine, Transport> ways, boolean build) {
    private static final Duration BUILD_LIMIT = Duration.ofMinutes(1);
    private static final Duration MOST_SKEW = Duration.ofSeconds(5);
    private static final int MUCH = 90;
    private static final int FULL = 99;
    private static final String NIX_CONF = "/etc/nix/nix.conf";
    private static final String SSHD_CONFIG = "/etc/ssh/sshd_config";

    /// @param ahead how much its clock is ahead of ours, if it said so
    record Looked(List<Finding> findings, Optional<Duration> ahead) {
        Looked {
            findings = List.copyOf(findings);
        }
    }

    Looked look(Machine machine) throws InterruptedException {
        var limit = settings.timeouts().handshake();
        var answer = new Pinger(ways, limit).ping(List.of(machine)).getFirst();
        var subject = subject(machine);
        return switch (answer) {
            case Answer.Failed(var _, var problem) ->
                new Looked(
                        List.of(Finding.of(Finding.State.FAULT, subject, "settings, or " + machine.name(), problem)),
                        Optional.empty());
            case Answer.LeftAlone(var _, var note) ->
                new Looked(
                        List.of(Finding.unknown(subject, note.verdict(), note.why(), note.next())), Optional.empty());
            case Answer.Reached reached -> look(reached, subject);
        };
    }

    static String subject(Machine machine) {
        return "machine " + machine.name();
    }

    private Looked look(Answer.Reached reached, String subject) throws InterruptedException {
        var machine = reached.machine();
        var findings = new ArrayList<Finding>();
        findings.add(Finding.ok(
                subject,
                "reached",
                "in %d ms, Nix %s%s"
                        .formatted(
                                reached.connect().plus(reached.handshake()).toMillis(),
                                reached.nixVersion().orElse("of unknown version"),
                                reached.trusted().orElse(false) ? ", trusts us" : "")));
        for (Problem problem : reached.problems())
            findings.add(Finding.of(Finding.State.FAULT, subject, machine.name(), problem));
        var ahead = Optional.<Duration>empty();
        try (var transport = ways.apply(machine)) {
            var exam = MachineExam.run(
                    transport,
                    settings.timeouts().handshake().plus(settings.timeouts().handshake()));
            ahead = exam.ahead();
            findings.addAll(nix(exam, subject, machine));
            findings.addAll(sshd(exam, subject, machine));
            findings.addAll(disk(exam, reached, subject, machine));
            exam.ahead().ifPresent(skew -> findings.add(clock(skew, subject, machine)));
            if (build && !machine.systems().isEmpty()) findings.add(build(machine, transport, subject));
        } catch (IOException e) {
            findings.add(Finding.unknown(
                    subject,
                    "own settings",
                    String.valueOf(e.getMessage()),
                    "let the login run `sh` there, or look at nix.conf and sshd_config there"));
        }
        return new Looked(findings, ahead);
    }

    private static List<Finding> nix(MachineExam exam, String subject, Machine machine) {
        var conf = exam.conf();
        if (conf.values().isEmpty())
            return List.of(Finding.unknown(
                    subject, "nix.conf", "it did not show its settings", "run `nix show-config` on " + machine.name()));
        var findings = new ArrayList<Finding>();
        findings.add(Finding.ok(
                subject,
                "nix.conf",
                "max-jobs %s, trusted-users %s, system-features %s"
                        .formatted(
                                conf.value("max-jobs").orElse("?"),
                                conf.value("trusted-users").orElse("none"),
                                conf.value("system-features").orElse("none"))));
        findings.add(
                conf.value("min-free").filter(value -> !value.equals("0")).isPresent()
                        ? Finding.ok(subject, "min-free", conf.value("min-free").orElseThrow())
                        : Finding.warning(
                                subject,
                                "min-free",
                                "it is 0: its Nix never makes room while it builds, until the disk is full",
                                "%s on %s".formatted(NIX_CONF, machine.name()),
                                "min-free = 10737418240\nmax-free = 53687091200"));
        return findings;
    }

    private List<Finding> sshd(MachineExam exam, String subject, Machine machine) {
        if (machine.address().socket().isPresent()) return List.of();
        var where = "%s on %s".formatted(SSHD_CONFIG, machine.name());
        if (exam.sshd().isEmpty())
            return List.of(Finding.unknown(
                    subject,
                    "sshd",
                    "its settings could not be read, so they are probably the defaults (MaxSessions 10, MaxStartups 10:30:100)",
                    "run `sshd -T | grep -i max` there as root"));
        var findings = new ArrayList<Finding>();
        int wanted = settings.ssh().maxSessions();
        exam.number("maxsessions")
                .filter(sessions -> sessions < wanted)
                .ifPresent(sessions -> findings.add(Finding.warning(
                        subject,
                        "MaxSessions",
                        "its sshd allows %d channels on a connection, and the dispatcher wants %d; it makes more connections instead"
                                .formatted(sessions, wanted),
                        where,
                        "MaxSessions %d".formatted(wanted))));
        int starting = settings.ssh().maxStarting();
        for (var keyword : List.of("MaxStartups", "PerSourceMaxStartups"))
            exam.number(keyword.toLowerCase(java.util.Locale.ROOT))
                    .filter(most -> most < starting)
                    .ifPresent(most -> findings.add(Finding.warning(
                            subject,
                            keyword,
                            "its sshd may drop logins when more than %d are under way; the dispatcher may begin %d"
                                    .formatted(most, starting),
                            where,
                            "%s %d".formatted(keyword, Math.max(10, 2 * starting)))));
        findings.add(Finding.ok(subject, "sshd", (exam.exact() ? "" : "of its files: ") + words(exam)));
        return findings;
    }

    private static String words(MachineExam exam) {
        var words = new ArrayList<String>();
        exam.sshd().entrySet().stream()
                .sorted(java.util.Map.Entry.comparingByKey())
                .forEach(entry -> words.add(entry.getKey() + " " + entry.getValue()));
        return String.join(", ", words);
    }

    private static List<Finding> disk(MachineExam exam, Answer.Reached reached, String subject, Machine machine) {
        var findings = new ArrayList<Finding>();
        if (reached.offered().freeBytes().isPresent())
            findings.add(Finding.ok(
                    subject, "disk", Sizes.show(reached.offered().freeBytes().getAsLong()) + " free for its store"));
        exam.inodes().ifPresent(percent -> {
            var why = "%d %% of the inodes of its store's disk are in use".formatted(percent);
            var next = "nix-collect-garbage";
            if (percent >= FULL) findings.add(Finding.fault(subject, "inodes", why, machine.name(), next));
            else if (percent >= MUCH) findings.add(Finding.warning(subject, "inodes", why, machine.name(), next));
            else findings.add(Finding.ok(subject, "inodes", why));
        });
        return findings;
    }

    private static Finding clock(Duration ahead, String subject, Machine machine) {
        long seconds = ahead.toSeconds();
        if (ahead.abs().compareTo(MOST_SKEW) <= 0) return Finding.ok(subject, "clock", "as here, within 5 s");
        return Finding.warning(
                subject,
                "clock",
                "it is %d s %s the clock of this host"
                        .formatted(Math.abs(seconds), seconds > 0 ? "ahead of" : "behind"),
                machine.name(),
                "timedatectl set-ntp true");
    }

    private static Finding build(Machine machine, Transport transport, String subject) throws InterruptedException {
        long start = System.nanoTime();
        var next = "run `nix-build --expr '%s'` there, and see the log of its nix-daemon"
                .formatted(TrialBuild.expression("trial", TrialBuild.likeliest(machine.systems())));
        try {
            var result = TrialBuild.on(machine, transport, BUILD_LIMIT);
            long took = Duration.ofNanos(System.nanoTime() - start).toMillis();
            return result.status().isSuccess()
                    ? Finding.ok(
                            subject,
                            "build",
                            "for %s in %d ms".formatted(TrialBuild.likeliest(machine.systems()), took))
                    : Finding.fault(subject, "build", result.message(), machine.name(), next);
        } catch (IOException e) {
            return Finding.fault(subject, "build", String.valueOf(e.getMessage()), machine.name(), next);
        }
    }
}
