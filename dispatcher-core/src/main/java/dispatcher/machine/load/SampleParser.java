package dispatcher.machine.load;

import dispatcher.machine.Pressure;
import dispatcher.machine.Pressure.Room;
import dispatcher.machine.load.Sample.BuildProcess;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads what [SampleScript] prints. Whatever else a login shell may say around it is passed over; what
/// does not look as it should is not believed.
final class SampleParser {
    /// More is no answer of our script.
    static final int LONGEST = 1 << 20;

    private static final long KIB = 1024;

    /// No system numbers more.
    private static final int MOST_CORES = 1 << 20;
    private static final Pattern SEPARATORS = Pattern.compile("[\\x00\\n]");
    private static final Pattern MEMORY = Pattern.compile("/proc/meminfo:Mem(Total|Available): +(\\d{1,15}) kB");
    private static final Pattern LOAD = Pattern.compile("/proc/loadavg:(\\d{1,7}\\.\\d{1,4}) .*");
    private static final Pattern ONLINE = Pattern.compile("/sys/devices/system/cpu/online:([0-9,-]{1,200})");
    private static final Pattern OOM_KILLS = Pattern.compile("/proc/vmstat:oom_kill (\\d{1,15})");
    private static final Pattern STALLED =
            Pattern.compile("/proc/pressure/(cpu:some|memory:full) avg10=(\\d{1,3}(?:\\.\\d{1,4})?) .*");
    private static final Pattern DARWIN_LOAD = Pattern.compile("vm\\.loadavg: \\{ (\\d{1,7}[.,]\\d{1,4}) .*");
    private static final Pattern DARWIN_NUMBER = Pattern.compile("hw\\.(ncpu|memsize): (\\d{1,18})");
    private static final Pattern PAGE_SIZE = Pattern.compile(".*\\(page size of (\\d{1,7}) bytes\\)");
    private static final Pattern FREE_PAGES =
            Pattern.compile("Pages (?:free|inactive|speculative|purgeable): +(\\d{1,12})\\.");
    private static final Pattern BLANKS = Pattern.compile(" +");
    private static final Pattern KIBIBYTES = Pattern.compile("\\d{1,15}");
    private static final Pattern PERCENT = Pattern.compile("\\d{1,4}%");
    private static final Pattern PROCESS = Pattern.compile(
            "/proc/(\\d{1,10})/(?:status:Vm(RSS|HWM):\\s+(\\d{1,12}) kB|environ:(out|name)=(.{1,300}))");

    private static final Pattern MIN_FREE = Pattern.compile("\\s*min-free\\s*=\\s*(\\d{1,18})([KMGT]?)\\s*(?:#.*)?");
    private static final String UNITS = "KMGT";

    /// No disk is larger.
    private static final long MOST_BYTES = 1L << 60;

    private SampleParser() {}

    /// Empty unless the answer is complete: all that every machine can report, up to the end mark.
    static Optional<Sample> parse(String answer, Instant sampledAt) {
        var parts = parts(answer);
        if (!parts.containsKey(SampleScript.END)) return Optional.empty();
        try {
            var linux = parts.get(SampleScript.LINUX);
            var machine = linux != null ? linux(linux) : darwin(parts.getOrDefault(SampleScript.DARWIN, List.of()));
            var store = room(parts.getOrDefault(SampleScript.STORE, List.of()), KIB);
            var build =
                    room(parts.getOrDefault(SampleScript.BUILD, List.of()), KIB).or(() -> store);
            if (machine.isEmpty() || store.isEmpty()) return Optional.empty();
            var vitals = machine.get();
            var pressure = new Pressure(
                    sampledAt,
                    vitals.load,
                    vitals.cores,
                    vitals.memory,
                    vitals.cpuStalled,
                    vitals.memoryStalled,
                    store.get(),
                    build.orElseThrow(),
                    inodes(parts.getOrDefault(SampleScript.STORE_INODES, List.of())),
                    inodes(parts.getOrDefault(SampleScript.BUILD_INODES, List.of())),
                    vitals.oomKills,
                    minFree(parts.getOrDefault(SampleScript.MIN_FREE, List.of())));
            return Optional.of(new Sample(pressure, builders(parts.getOrDefault(SampleScript.PROCESSES, List.of()))));
        } catch (IllegalArgumentException e) {
            // A number that no machine has.
            return Optional.empty();
        }
    }

    private static Map<String, List<String>> parts(String answer) {
        int begin = answer.indexOf(SampleScript.HEAD + "\n");
        if (begin < 0) return Map.of();
        var parts = new HashMap<String, List<String>>();
        List<String> current = new ArrayList<>();
        for (var line : SEPARATORS.split(answer.substring(begin), -1)) {
            if (line.startsWith("@")) current = parts.computeIfAbsent(line, _ -> new ArrayList<>());
            else current.add(line);
        }
        return parts;
    }

    private record Vitals(
            double load,
            int cores,
            Room memory,
            OptionalDouble cpuStalled,
            OptionalDouble memoryStalled,
            OptionalLong oomKills) {}

    private static Optional<Vitals> linux(List<String> lines) {
        var load = first(LOAD, lines);
        var online = first(ONLINE, lines);
        var memory = all(MEMORY, lines);
        if (load.isEmpty() || online.isEmpty() || !memory.keySet().containsAll(List.of("Total", "Available")))
            return Optional.empty();
        long total = Long.parseLong(memory.getOrDefault("Total", "")) * KIB;
        long free = Long.parseLong(memory.getOrDefault("Available", "")) * KIB;
        var stalled = all(STALLED, lines);
        var kills = first(OOM_KILLS, lines);
        return Optional.of(new Vitals(
                Double.parseDouble(load.get().group(1)),
                cores(online.get().group(1)),
                new Room(Math.min(free, total), total),
                share(stalled, "cpu:some"),
                share(stalled, "memory:full"),
                kills.isPresent() ? OptionalLong.of(Long.parseLong(kills.get().group(1))) : OptionalLong.empty()));
    }

    private static OptionalDouble share(Map<String, String> percentages, String key) {
        var percentage = percentages.get(key);
        return percentage == null
                ? OptionalDouble.empty()
                : OptionalDouble.of(Math.min(1, Double.parseDouble(percentage) / 100));
    }

    /// Of a list such as `0-3,8-11`.
    ///
    /// @throws IllegalArgumentException if no machine has such a list
    private static int cores(String online) {
        int cores = 0;
        for (var range : online.split(",", -1)) {
            var ends = range.split("-", -1);
            int first = Integer.parseInt(ends[0]);
            int last = Integer.parseInt(ends[ends.length - 1]);
            if (ends.length > 2 || last < first || last >= MOST_CORES)
                throw new IllegalArgumentException("cores " + online);
            cores += last - first + 1;
        }
        return cores;
    }

    private static Optional<Vitals> darwin(List<String> lines) {
        var load = first(DARWIN_LOAD, lines);
        var numbers = all(DARWIN_NUMBER, lines);
        var pageSize = first(PAGE_SIZE, lines);
        if (load.isEmpty() || pageSize.isEmpty() || numbers.size() < 2) return Optional.empty();
        long pages = 0;
        for (var line : lines) {
            var matcher = FREE_PAGES.matcher(line);
            if (matcher.matches()) pages += Long.parseLong(matcher.group(1));
        }
        long total = Long.parseLong(numbers.getOrDefault("memsize", ""));
        long free = pages * Long.parseLong(pageSize.get().group(1));
        return Optional.of(new Vitals(
                Double.parseDouble(load.get().group(1).replace(',', '.')),
                Integer.parseInt(numbers.getOrDefault("ncpu", "")),
                new Room(Math.clamp(free, 0, total), total),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalLong.empty()));
    }

    /// What `df -Pi` says: inodes instead of KiB. A file system that makes them as they are needed says 0, or no
    /// percent.
    private static Optional<Room> inodes(List<String> lines) {
        return room(lines, 1).filter(inodes -> inodes.total() > 0);
    }

    /// What `df -Pk` says of one file system: its name, which may have blanks, units in all, used and available,
    /// percent, and where it is mounted.
    private static Optional<Room> room(List<String> lines, long unit) {
        for (var line : lines) {
            var words = BLANKS.split(line);
            for (int i = 4; i + 1 < words.length; i++) {
                if (!PERCENT.matcher(words[i]).matches()) continue;
                var figures = List.of(words[i - 3], words[i - 2], words[i - 1]);
                if (!figures.stream()
                        .allMatch(figure -> KIBIBYTES.matcher(figure).matches())) continue;
                long total = Long.parseLong(words[i - 3]) * unit;
                return Optional.of(new Room(Math.min(Long.parseLong(words[i - 1]) * unit, total), total));
            }
        }
        return Optional.empty();
    }

    /// The largest `min-free` of nix.conf and of the files that it may include, because it is unknown which of them
    /// counts.
    private static long minFree(List<String> lines) {
        long most = 0;
        for (var line : lines) {
            var matcher = MIN_FREE.matcher(line);
            if (!matcher.matches()) continue;
            int shift = 10 * (matcher.group(2).isEmpty() ? 0 : UNITS.indexOf(matcher.group(2)) + 1);
            long number = Long.parseLong(matcher.group(1));
            most = Math.max(most, number > MOST_BYTES >> shift ? MOST_BYTES : number << shift);
        }
        return most;
    }

    private static final class Figures {
        private String out = "";
        private String name = "";
        private long resident;
        private long most;
    }

    private static List<BuildProcess> builders(List<String> lines) {
        var processes = new LinkedHashMap<String, Figures>();
        for (var line : lines) {
            var matcher = PROCESS.matcher(line);
            if (!matcher.matches()) continue;
            var process = processes.computeIfAbsent(matcher.group(1), _ -> new Figures());
            var memory = matcher.group(3);
            if (memory == null) {
                if (matcher.group(4).equals("out")) process.out = matcher.group(5);
                else process.name = matcher.group(5);
            } else if (matcher.group(2).equals("RSS")) {
                process.resident = Long.parseLong(memory) * KIB;
            } else {
                process.most = Long.parseLong(memory) * KIB;
            }
        }
        return processes.values().stream()
                .filter(process -> process.resident > 0 && !(process.out.isEmpty() && process.name.isEmpty()))
                .map(process -> new BuildProcess(process.out, process.name, process.resident, process.most))
                .toList();
    }

    private static Optional<Matcher> first(Pattern pattern, List<String> lines) {
        return lines.stream().map(pattern::matcher).filter(Matcher::matches).findFirst();
    }

    /// First group to second.
    private static Map<String, String> all(Pattern pattern, List<String> lines) {
        var found = new HashMap<String, String>();
        for (var line : lines) {
            var matcher = pattern.matcher(line);
            if (matcher.matches()) found.putIfAbsent(matcher.group(1), matcher.group(2));
        }
        return found;
    }
}
