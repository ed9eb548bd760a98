package dispatcher.simulate.generate;

import dispatcher.simulate.model.Outage;
import dispatcher.simulate.model.Scenario;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The scenarios that are made from a seed. Unless said otherwise all builds are wanted at the start, are for
/// `x86_64-linux`, share one closure of 200 MB, have sources of 1 to 20 MB of their own and outputs of as much, and
/// history knows nine of ten of them within about 15 %.
public enum Generator {
    /// Alike machines, 640 builds of 20 to 60 s.
    UNIFORM("uniform", 640, "4x8") {
        @Override
        void fill(Draft draft, int builds) {
            var closure = onlyClient(draft);
            for (int i = 0; i < builds; i++)
                draft.add(Common.withFiles(draft, draft.job("ci", draft.between(20, 60)), closure));
        }
    },
    /// Machines of speeds 1, 2, 4 and 8; 800 builds, most short, a few of up to 20 minutes.
    MIXED_SPEEDS("mixed-speeds", 800, "2x4@1", "2x4@2", "2x4@4", "2x4@8") {
        @Override
        void fill(Draft draft, int builds) {
            var closure = onlyClient(draft);
            for (int i = 0; i < builds; i++)
                draft.add(Common.withFiles(draft, draft.job("ci", draft.skewed(90, 0.9, 1200)), closure));
        }
    },
    /// Two of eight machines have `kvm`, which one in six builds requires; those come bit by bit, while the
    /// machines are full of others.
    SCARCE_FEATURES("scarce-features", 720, "2x8+kvm", "6x8") {
        @Override
        void fill(Draft draft, int builds) {
            var closure = onlyClient(draft);
            double time = 0;
            for (int i = 0; i < builds; i++) {
                boolean scarce = i % 6 == 5;
                var job = draft.job("ci", scarce ? draft.between(60, 120) : draft.between(20, 60));
                if (scarce) {
                    time += draft.gap(4);
                    job = job.requiring(List.of("kvm")).askedAt(Draft.duration(time));
                }
                draft.add(Common.withFiles(draft, job, closure));
            }
        }
    },
    /// Links of 10 MB/s; 20 projects with closures of 400 to 1200 MB, 12 builds of 60 to 180 s each, in any order.
    SLOW_LINKS("slow-links", 240, "4x4~10") {
        @Override
        void fill(Draft draft, int builds) {
            draft.client("ci");
            int projects = Math.max(1, builds / 12);
            var closures = new String[projects];
            for (int i = 0; i < projects; i++)
                closures[i] = draft.path("closure-" + (i + 1), Math.round(draft.between(400, 1200)));
            for (int i = 0; i < builds; i++) {
                var job = draft.job("ci", draft.between(60, 180));
                draft.add(Common.withFiles(draft, job, closures[draft.random.nextInt(projects)]));
            }
        }
    },
    /// One client wants 600 builds at once; another wants 8 every minute.
    TWO_TENANTS("two-tenants", 680, "4x8") {
        @Override
        void fill(Draft draft, int builds) {
            draft.client("ci");
            draft.client("developer");
            var closure = Common.closure(draft);
            int few = Math.max(1, builds * 2 / 17);
            for (int i = 0; i < builds; i++) {
                var job = i < few
                        ? draft.job("developer", draft.between(15, 45)).askedAt(Duration.ofMinutes(i / 8))
                        : draft.job("ci", draft.between(20, 60));
                draft.add(Common.withFiles(draft, job, closure));
            }
        }
    },
    /// Each machine breaks about every ten minutes and is back after one to five.
    DYING_MACHINES("dying-machines", 480, "6x4") {
        @Override
        void fill(Draft draft, int builds) {
            var closure = onlyClient(draft);
            for (int i = 0; i < builds; i++)
                draft.add(Common.withFiles(draft, draft.job("ci", draft.between(30, 90)), closure));
            for (var host : draft.hosts)
                for (double time = draft.gap(600); time < 7200; ) {
                    double length = draft.between(60, 300);
                    draft.outage(new Outage(host.name(), Draft.duration(time), Draft.duration(length)));
                    time += length + draft.gap(600);
                }
        }
    },
    /// A graph of 600 builds that need up to three earlier ones each, most of them short.
    GRAPH("graph", 600, "4x8") {
        @Override
        void fill(Draft draft, int builds) {
            var closure = onlyClient(draft);
            for (int i = 0; i < builds; i++) {
                int needs = i < builds / 20 ? 0 : 1 + draft.random.nextInt(3);
                int earlier = i;
                var ids = draft.random
                        .ints(needs, Math.max(0, i - builds / 4), Math.max(1, i))
                        .distinct()
                        .filter(other -> other < earlier)
                        .mapToObj(other -> "b" + (other + 1))
                        .toList();
                draft.add(Common.withFiles(draft, draft.job("ci", draft.skewed(30, 0.8, 600)), closure)
                        .needing(ids));
            }
        }
    };

    private final String word;
    private final int builds;
    private final String machines;

    Generator(String word, int builds, String... machines) {
        this.word = word;
        this.builds = builds;
        this.machines = String.join(" ", machines);
    }

    abstract void fill(Draft draft, int builds);

    private static String onlyClient(Draft draft) {
        draft.client("ci");
        return Common.closure(draft);
    }

    /// With its usual size and machines.
    public Scenario make(long seed) {
        return make(seed, builds, machines());
    }

    public Scenario make(long seed, int count, List<Mix> mixes) {
        var draft = new Draft("%s, seed %d".formatted(word, seed), seed, mixes);
        fill(draft, count);
        return draft.scenario();
    }

    /// As the command line spells it.
    public String word() {
        return word;
    }

    /// How many builds there are unless somebody says otherwise.
    public int builds() {
        return builds;
    }

    public List<Mix> machines() {
        return Arrays.stream(machines.split(" ")).map(Mix::parse).toList();
    }

    public static Optional<Generator> of(String word) {
        return Arrays.stream(values()).filter(one -> one.word.equals(word)).findFirst();
    }

    /// Those by which policies are compared: all but [#GRAPH], for which no close bound is known.
    public static List<Generator> compared() {
        return Arrays.stream(values()).filter(one -> one != GRAPH).toList();
    }
}
