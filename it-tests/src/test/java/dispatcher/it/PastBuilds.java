package dispatcher.it;

import dispatcher.build.placement.PlacementAccount;
import dispatcher.cli.state.RecordDatabase;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.RecordStore;
import dispatcher.schedule.policy.Placement;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/// Records of builds of the last day, the same ones each time, with why each went to its machine and its log: what a
/// dispatcher finds that is started on a state directory with these. Confined to one thread.
final class PastBuilds {
    private static final Duration SPAN = Duration.ofHours(20);
    private static final String HASH_CHARS = "0123456789abcdfghijklmnpqrsvwxyz";
    private static final List<String> CLIENTS = List.of("ci", "ci-release", "anna", "ben", "carla");
    private static final List<String> PACKAGES =
            List.of("zlib", "openssl", "sqlite", "libxml2", "python3.12-numpy", "rustc", "llvm", "linux", "firefox");
    private static final String LOG = """
            Running phase: unpackPhase
            unpacking source archive
            Running phase: buildPhase
            \u001b[32m[ 42%]\u001b[0m Building C object src/main.c.o
            \u001b[1;33mwarning:\u001b[0m unused variable <b>x</b>
            """;

    private final Random random = new Random(1);
    private final List<String> machines;
    private final Instant end;
    private final int count;

    private PastBuilds(int count, List<String> machines, Instant end) {
        this.count = count;
        this.machines = machines;
        this.end = end;
    }

    /// Writes as many records into the database of a state directory.
    ///
    /// @param end when the last of them ended
    static void write(int count, List<String> machines, Instant end, Path state) throws IOException {
        var builds = new PastBuilds(count, machines, end);
        Files.createDirectories(state);
        try (var database = RecordDatabase.in(state)) {
            database.records().save(builds.batch());
        }
    }

    private RecordStore.Batch batch() {
        var records = new ArrayList<BuildRecord>();
        var logs = new ArrayList<RecordStore.LogPart>();
        var placements = new ArrayList<RecordStore.Placed>();
        for (int id = 1; id <= count; id++) {
            var record = record(id);
            records.add(record);
            record.machine().ifPresent(machine -> {
                placements.add(new RecordStore.Placed(record.id(), 0, account(machine, record.built())));
                logs.add(RecordStore.LogPart.of(record.id(), 0, 0, LOG.getBytes(StandardCharsets.UTF_8)));
            });
        }
        return new RecordStore.Batch(records, logs, placements, List.of());
    }

    private BuildRecord record(int id) {
        var asked = end.minus(SPAN).plusMillis(SPAN.toMillis() * (id - 1) / count);
        var outcome = outcome(random.nextDouble());
        boolean ran = outcome == Outcome.BUILT || outcome == Outcome.FAILED;
        var latest = Duration.between(asked, end);
        var wait = least(Duration.ofMillis(random.nextInt(60_000)), latest.dividedBy(2));
        var took = ran
                ? least(Duration.ofMillis((long) Math.exp(7 + random.nextGaussian() * 2)), latest.minus(wait))
                : Duration.ZERO;
        var machine = machines.get(random.nextInt(machines.size()));
        var attempt = BuildRecord.Attempt.begun(
                machine, account(machine, took).chosen().reason(), asked.plus(wait));
        var name = PACKAGES.get(random.nextInt(PACKAGES.size()));
        return new BuildRecord(
                id,
                CLIENTS.get(random.nextInt(CLIENTS.size())),
                StorePath.of(hash(), "%s-%d.%d.drv".formatted(name, 1 + id % 3, random.nextInt(9))),
                "x86_64-linux",
                Collections.emptySortedSet(),
                asked,
                Optional.of(asked.plus(wait).plus(took)),
                outcome,
                message(outcome),
                new BuildRecord.Waits(Duration.ZERO, wait, Duration.ZERO),
                ran ? List.of(attempt) : List.of(),
                ran
                        ? new BuildRecord.Copied(random.nextInt(9), random.nextInt(9_000_000), Duration.ofMillis(300))
                        : BuildRecord.Copied.NOTHING,
                BuildRecord.Fetched.NOTHING,
                took,
                ran ? random.nextInt(30_000_000) : 0,
                ran ? random.nextInt(2_000_000_000) : 0);
    }

    private static Outcome outcome(double chance) {
        if (chance < 0.85) return Outcome.BUILT;
        if (chance < 0.9) return Outcome.FAILED;
        if (chance < 0.95) return Outcome.SHARED;
        if (chance < 0.97) return Outcome.FOUND;
        return chance < 0.99 ? Outcome.CANCELLED : Outcome.REFUSED;
    }

    private static String message(Outcome outcome) {
        return switch (outcome) {
            case FAILED -> "builder failed with exit code 1";
            case REFUSED -> "no machine builds for s390x-linux";
            case CANCELLED -> "cancelled by anna";
            case WAITING, RUNNING, BUILT, SHARED, FOUND, ABANDONED, INTERRUPTED -> "";
        };
    }

    private static Duration least(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private String hash() {
        var hash = new StringBuilder();
        for (int i = 0; i < StorePath.HASH_DIGITS; i++)
            hash.append(HASH_CHARS.charAt(random.nextInt(HASH_CHARS.length())));
        return hash.toString();
    }

    private PlacementAccount account(String machine, Duration took) {
        var objections = new TreeMap<String, Integer>();
        objections.put("all its slots are taken", 4);
        objections.put("it builds for aarch64-linux, not for x86_64-linux", 200);
        var other = machines.get(random.nextInt(machines.size()));
        return new PlacementAccount(placement(machine, took), List.of(placement(other, took)), 3, objections);
    }

    private Placement placement(String machine, Duration took) {
        double seconds = took.toMillis() / 1e3;
        return new Placement(
                machine, 0, 0, random.nextInt(9_000_000), random.nextDouble(), seconds, false, 1, 8, 1, true, true);
    }
}
