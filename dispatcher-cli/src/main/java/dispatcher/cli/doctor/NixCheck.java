package dispatcher.cli.doctor;

import dispatcher.cli.settings.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// Looks at Nix on this host, which sends its builds to the dispatcher.
///
/// @param user     who asks
/// @param settings of the dispatcher, if it is on this host
/// @param ranOn    the machine that a build of this name was on, as far as it can be known
record NixCheck(Programs programs, String user, Optional<Settings> settings, Function<String, Optional<String>> ranOn) {
    static final String SUBJECT = "Nix on this host";
    private static final String NIX_CONF = "/etc/nix/nix.conf";
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration BUILD_LIMIT = Duration.ofMinutes(2);
    private static final String FEATURE = "--extra-experimental-features";
    private static final int MOST_ENTRIES_ASKED = 8;

    /// @param build whether to build, too
    List<Finding> findings(boolean build) throws InterruptedException {
        var version = programs.run(LIMIT, List.of("nix", "--version"));
        if (!version.isThere())
            return List.of(Finding.unknown(
                    SUBJECT,
                    "version",
                    "there is no `nix` on the PATH",
                    "nothing, if no builds are sent from this host; else run this where `nix` is on the PATH"));
        var findings = new ArrayList<Finding>();
        findings.add(Finding.ok(SUBJECT, "version", version.out().strip()));
        var conf = conf();
        if (conf.isEmpty()) {
            findings.add(Finding.unknown(
                    SUBJECT,
                    "nix.conf",
                    "`nix show-config` and `nix config show` do not work",
                    "run `nix show-config`"));
            return findings;
        }
        var builders = BuildersValue.parse(conf.get().value("builders").orElse(""));
        findings.addAll(builders(builders));
        findings.addAll(settings(conf.get()));
        findings.addAll(reach(builders));
        if (build && !builders.entries().isEmpty()) findings.add(build(builders));
        return findings;
    }

    private Optional<NixConf> conf() throws InterruptedException {
        for (var words : List.of(List.of("config", "show"), List.of("show-config"))) {
            var command = new ArrayList<>(List.of("nix", FEATURE, "nix-command"));
            command.addAll(words);
            var ran = programs.run(LIMIT, command);
            if (ran.worked() && ran.out().contains("max-jobs")) return Optional.of(NixConf.parse(ran.out()));
        }
        return Optional.empty();
    }

    private static List<Finding> builders(BuildersValue builders) {
        var findings = new ArrayList<Finding>();
        for (var file : builders.files())
            findings.add(Finding.fault(SUBJECT, "builders", file, NIX_CONF, "correct the file that `builders` names"));
        if (builders.entries().isEmpty()) {
            findings.add(Finding.fault(
                    SUBJECT,
                    "builders",
                    "it is empty, so Nix sends nothing to the dispatcher",
                    NIX_CONF,
                    "builders = LINE, where LINE is what `dispatcher builders` prints (with --ssh HOST for another host);"
                            + " then restart the nix-daemon"));
            return findings;
        }
        for (var entry : builders.entries()) {
            if (isWellFormed(entry)) continue;
            findings.add(Finding.fault(
                    SUBJECT,
                    "builders",
                    "'%s' is no entry that Nix can use".formatted(String.join(" ", entry)),
                    NIX_CONF,
                    "write it as `dispatcher builders` prints it, in one line"));
        }
        for (var uri : builders.repeated())
            findings.add(Finding.warning(
                    SUBJECT,
                    "builders",
                    "it has %s twice, which Nix takes for one machine".formatted(uri),
                    NIX_CONF,
                    "leave one of them; for several entries use what `dispatcher builders --lines N` prints"));
        int ours = builders.ofOurSocket().size();
        if (ours > 0 && ours < builders.entries().size())
            findings.add(Finding.warning(
                    SUBJECT,
                    "builders",
                    "%d of %d entries are not the dispatcher, and Nix sends builds there past it"
                            .formatted(
                                    builders.entries().size() - ours,
                                    builders.entries().size()),
                    NIX_CONF,
                    "leave only the line of `dispatcher builders`, and give the machines to the dispatcher"));
        if (findings.isEmpty()) findings.add(Finding.ok(SUBJECT, "builders", String.join(" ", builders.uris())));
        return findings;
    }

    /// URI, systems, key, jobs, speed, features, mandatory features, host key.
    private static boolean isWellFormed(List<String> entry) {
        return entry.size() <= 8
                && number(entry, 3)
                && entry.getFirst().matches("[!-~]+")
                && (entry.size() <= 4
                        || entry.get(4).equals("-")
                        || entry.get(4).matches("[0-9]+(\\.[0-9]+)?"));
    }

    private static boolean number(List<String> entry, int index) {
        return entry.size() <= index
                || entry.get(index).equals("-")
                || entry.get(index).matches("[0-9]{1,9}");
    }

    private List<Finding> settings(NixConf conf) {
        var findings = new ArrayList<Finding>();
        findings.add(
                conf.is("max-jobs", "0")
                        ? Finding.ok(SUBJECT, "max-jobs", "0: every build goes to the dispatcher")
                        : Finding.ok(
                                SUBJECT,
                                "max-jobs",
                                "%s: Nix builds here too, when no builder takes a build; `max-jobs = 0` stops that"
                                        .formatted(conf.value("max-jobs").orElse("?"))));
        findings.add(
                conf.is("builders-use-substitutes", "true")
                        ? Finding.ok(SUBJECT, "builders-use-substitutes", "true")
                        : Finding.warning(
                                SUBJECT,
                                "builders-use-substitutes",
                                "it is false: this host fetches and uploads inputs that machines could fetch themselves",
                                NIX_CONF,
                                "builders-use-substitutes = true"));
        var trusted = conf.words("trusted-users");
        boolean isTrusted = user.equals("root") || trusted.contains(user) || trusted.contains("*");
        findings.add(Finding.ok(
                SUBJECT,
                "trusted-users",
                "%s; %s %s give `--builders` on the command line"
                        .formatted(
                                String.join(" ", trusted), user, isTrusted ? "may" : "may not, unless by a group,")));
        findings.add(sandbox(conf));
        return findings;
    }

    private static Finding sandbox(NixConf conf) {
        var sandbox = conf.value("sandbox").orElse("?");
        return sandbox.equals("false")
                ? Finding.warning(
                        SUBJECT,
                        "sandbox",
                        "it is false: what is built here may depend on this host, unlike what machines build",
                        NIX_CONF,
                        "sandbox = true")
                : Finding.ok(SUBJECT, "sandbox", sandbox);
    }

    /// Each entry as Nix reaches it, once for entries that differ in nothing but their lane.
    private List<Finding> reach(BuildersValue builders) throws InterruptedException {
        var findings = new ArrayList<Finding>();
        var uris = builders.uris().stream()
                .map(uri -> uri.contains("://") ? uri : "ssh://" + uri)
                .map(uri -> uri.replaceFirst("[?&]priority=\\d+$", ""))
                .distinct()
                .limit(MOST_ENTRIES_ASKED)
                .toList();
        for (var uri : uris) findings.add(reach(uri));
        if (!user.equals("root") && !uris.isEmpty())
            findings.add(Finding.unknown(
                    SUBJECT,
                    "reached by root",
                    "the nix-daemon runs as root, and this was asked by " + user,
                    "run `sudo dispatcher doctor`"));
        return findings;
    }

    private Finding reach(String uri) throws InterruptedException {
        var info = programs.run(LIMIT, List.of("nix", FEATURE, "nix-command", "store", "info", "--store", uri));
        if (!info.worked())
            info = programs.run(LIMIT, List.of("nix", FEATURE, "nix-command", "store", "ping", "--store", uri));
        var check = "reached by " + user;
        if (!info.worked())
            return Finding.fault(
                    SUBJECT,
                    check,
                    "%s: %s".formatted(uri, info.complaint()),
                    "this host",
                    "run `nix store ping --store '%s'` as %s; the dispatcher must run, and over SSH the key of %s must be in"
                                    .formatted(uri, user, user)
                            + " its authorized_keys and its host key in known_hosts");
        var version = (info.out() + info.err())
                .lines()
                .filter(line -> line.startsWith("Version: "))
                .findFirst()
                .map(line -> ", " + line.substring("Version: ".length()))
                .orElse("");
        return Finding.ok(SUBJECT, check, uri + version);
    }

    private Finding build(BuildersValue builders) throws InterruptedException {
        var system = builders.entries().stream()
                .filter(entry -> entry.size() > 1 && !entry.get(1).equals("-"))
                .map(entry -> TrialBuild.likeliest(List.of(entry.get(1).split(",", -1))))
                .findFirst()
                .orElse("x86_64-linux");
        var name = TrialBuild.newName();
        long start = System.nanoTime();
        var ran = programs.run(
                BUILD_LIMIT,
                List.of(
                        "nix-build",
                        "--no-out-link",
                        "--max-jobs",
                        "0",
                        "--option",
                        "substitute",
                        "false",
                        "--expr",
                        TrialBuild.expression(name, system)));
        var took = Duration.ofNanos(System.nanoTime() - start);
        if (!ran.worked())
            return Finding.fault(
                    SUBJECT,
                    "build",
                    ran.complaint(),
                    "this host",
                    "see why: `nix-build --max-jobs 0 --expr '%s'`, and `dispatcher status` on the dispatcher's host"
                            .formatted(TrialBuild.expression(name, system)));
        return Finding.ok(
                SUBJECT,
                "build",
                "%s for %s there and back in %d ms%s"
                        .formatted(
                                ran.out().strip(),
                                system,
                                took.toMillis(),
                                ranOn.apply(name)
                                        .map(machine -> ", on " + machine)
                                        .orElse("")));
    }
}
