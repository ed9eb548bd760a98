package dispatcher.bench.records;

import dispatcher.build.placement.PlacementAccount;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Attempt;
import dispatcher.record.BuildRecord.Copied;
import dispatcher.record.BuildRecord.Fetched;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.BuildRecord.Waits;
import dispatcher.schedule.policy.Placement;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Builds as a busy site may have them, the same ones each time. Confined to one thread.
final class PlausibleBuilds {
    static final Duration SPAN = Duration.ofDays(30);
    static final Instant END = Instant.parse("2026-01-31T00:00:00Z");
    private static final int PACKAGES = 4_000;
    private static final int MACHINES = 48;
    private static final int LOGS = 2_000;
    private static final String HASH_CHARS = "0123456789abcdfghijklmnpqrsvwxyz";
    private static final List<String> CLIENTS = List.of("ci", "ci-release", "anna", "ben", "carla", "dora", "emil");
    private static final List<String> SYSTEMS = List.of("x86_64-linux", "x86_64-linux", "x86_64-linux", "aarch64-linux");
    private static final List<String> WORDS = List.of(
            "lib", "python3.12-", "perl5.40-", "rust_", "haskell-", "go-", "node-", "xorg-", "gtk-", "kde-", "unit-", "etc-");

    private final Random random = new Random(1);
    private final int builds;
    private final List<byte[]> logs = new ArrayList<>();

    PlausibleBuilds(int builds) {
        this.builds = builds;
        for (int i = 0; i < LOGS; i++) logs.add(log(i));
    }

    /// Seldom is the first package meant, more seldom the last.
    private int packageNumber() {
        return (int) Math.min(PACKAGES - 1, Math.exp(random.nextDouble() * Math.log(PACKAGES)) - 1);
    }

    private static String packageName(int number) {
        return WORDS.get(number % WORDS.size()) + "thing" + number;
    }

    private String hash() {
        var hash = new StringBuilder(32);
        for (int i = 0; i < 32; i++) hash.append(HASH_CHARS.charAt(random.nextInt(32)));
        return hash.toString();
    }

    private static String machine(int number) {
        return "builder-%02d".formatted(number % MACHINES);
    }

    BuildRecord record(int number) {
        var asked = END.minus(SPAN).plusMillis(SPAN.toMillis() * number / builds);
        var packageNumber = packageNumber();
        var name = "%s-%d.%d".formatted(packageName(packageNumber), packageNumber % 7, random.nextInt(20));
        double chance = random.nextDouble();
        var outcome = chance < 0.8
                ? Outcome.BUILT
                : chance < 0.84
                        ? Outcome.FAILED
                        : chance < 0.9 ? Outcome.SHARED : chance < 0.98 ? Outcome.FOUND : Outcome.REFUSED;
        boolean ran = outcome == Outcome.BUILT || outcome == Outcome.FAILED;
        var wait = Duration.ofMillis((long) (-Math.log(1 - random.nextDouble()) * 4_000));
        var took = ran ? Duration.ofMillis((long) Math.exp(5 + random.nextGaussian() * 2.5)) : Duration.ZERO;
        var machine = machine(random.nextInt(MACHINES));
        var attempts = ran
                ? List.of(Attempt.begun(machine, account(machine, took).chosen().reason(), asked.plus(wait)))
                : List.<Attempt>of();
        return new BuildRecord(
                number,
                CLIENTS.get(random.nextInt(CLIENTS.size())),
                StorePath.of(hash(), name + ".drv"),
                SYSTEMS.get(random.nextInt(SYSTEMS.size())),
                features(),
                asked,
                Optional.of(asked.plus(wait).plus(took)),
                outcome,
                outcome == Outcome.FAILED ? "builder failed with exit code 1" : outcome == Outcome.REFUSED ? "no machine" : "",
                new Waits(Duration.ZERO, wait, Duration.ZERO),
                attempts,
                ran ? new Copied(random.nextInt(9), random.nextInt(9_000_000), Duration.ofMillis(300)) : Copied.NOTHING,
                Fetched.NOTHING,
                took,
                ran ? random.nextInt(30_000_000) : 0,
                ran ? random.nextInt(2_000_000_000) : 0);
    }

    private SortedSet<String> features() {
        double chance = random.nextDouble();
        if (chance < 0.85) return Collections.emptySortedSet();
        return new TreeSet<>(List.of(chance < 0.95 ? "big-parallel" : "kvm"));
    }

    PlacementAccount account(String machine, Duration took) {
        var objections = new TreeMap<String, Integer>();
        objections.put("all its slots are taken", 1 + random.nextInt(20));
        objections.put("it builds for aarch64-linux, not for x86_64-linux", 12);
        if (random.nextInt(4) == 0) objections.put("it is drained", 1);
        var others = new ArrayList<Placement>();
        for (int i = 0; i < PlacementAccount.MOST_OTHERS; i++) others.add(placement(machine(random.nextInt(MACHINES)), took));
        return new PlacementAccount(placement(machine, took), others, 4 + random.nextInt(9), objections);
    }

    private Placement placement(String machine, Duration took) {
        return new Placement(
                machine,
                0,
                0,
                random.nextInt(9_000_000),
                random.nextDouble(),
                took.toMillis() / 1000.0 * (0.8 + random.nextDouble()),
                false,
                random.nextInt(8),
                8,
                0.8 + random.nextDouble(),
                true,
                true);
    }

    /// One of [#LOGS].
    byte[] anyLog() {
        return logs.get(random.nextInt(LOGS));
    }

    private byte[] log(int number) {
        int kind = number % 100;
        int lines = kind < 60 ? kind % 2 : kind < 90 ? 20 : kind < 99 ? 120 : 1_200;
        var out = "/nix/store/%s-%s-1.0".formatted(hash(), packageName(packageNumber()));
        var text = new StringBuilder();
        for (int i = 0; i < lines; i++) text.append(line(i, out)).append('\n');
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private String line(int number, String out) {
        return switch (number) {
            case 0 -> "Running phase: unpackPhase";
            case 1 -> "unpacking source archive /nix/store/%s-source.tar.gz".formatted(hash());
            case 2 -> "source root is source";
            case 3 -> "Running phase: configurePhase";
            case 4 -> "configure flags: --disable-dependency-tracking --prefix=" + out;
            case 5 -> "Running phase: buildPhase";
            default -> switch (random.nextInt(4)) {
                case 0 -> "checking for %s... yes".formatted(word());
                case 1 -> "gcc -DHAVE_CONFIG_H -I. -g -O2 -Wall -c -o %s.o %s.c".formatted(word(), word());
                case 2 -> "\u001b[32m[ %d%%]\u001b[0m Building C object CMakeFiles/%s.dir/%s.c.o"
                        .formatted(random.nextInt(100), word(), word());
                default -> "installing %s/share/%s/%s".formatted(out, word(), word());
            };
        };
    }

    private String word() {
        return packageName(random.nextInt(400)).substring(0, 5) + random.nextInt(1_000);
    }
}
