package dispatcher.simulate.generate;

import dispatcher.graph.DependencyGraph;
import dispatcher.simulate.model.Job;
import dispatcher.simulate.model.Scenario;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// A graph of builds out of the `Packages` file of a Debian archive: each package is a build that needs those that it
/// depends on, of alternatives the first that there is. What would close a circle is left out, in the order of the
/// file. A build takes 2 s and 4 ms for each KiB of its `Installed-Size`, and leaves a third of that size.
///
/// Source: Debian Policy 5.3, 7.1 (control files, dependencies). Used once; confined to one thread.
public final class DebianPackages {
    private static final double SECONDS = 2;
    private static final double SECONDS_PER_KIB = 0.004;
    private static final long MAX_KIB = 1L << 31;

    private final Map<String, Stanza> packages = new LinkedHashMap<>();
    private final Map<String, String> providers = new HashMap<>();
    private final Map<String, String> fields = new HashMap<>();
    private final int limit;
    private String field = "";

    private record Stanza(String name, long kib, String depends) {}

    /// @param limit how many packages are taken, from the beginning of the file
    public DebianPackages(int limit) {
        this.limit = limit;
    }

    /// Takes the next line.
    ///
    /// @throws IllegalArgumentException if that is no line of such a file, with a message for people
    public void line(String text) {
        if (text.isBlank()) {
            endOfStanza();
        } else if (text.startsWith(" ") || text.startsWith("\t")) {
            if (field.isEmpty()) throw new IllegalArgumentException("the line goes on with nothing");
            if (isOfUse(field)) fields.merge(field, text.strip(), (a, b) -> a + " " + b);
        } else {
            int colon = text.indexOf(':');
            if (colon < 1) throw new IllegalArgumentException("the line is no field: it has no colon");
            field = text.substring(0, colon);
            if (isOfUse(field)) fields.put(field, text.substring(colon + 1).strip());
        }
    }

    private static boolean isOfUse(String field) {
        return switch (field) {
            case "Package", "Installed-Size", "Depends", "Pre-Depends", "Provides" -> true;
            default -> false;
        };
    }

    private void endOfStanza() {
        var name = fields.getOrDefault("Package", "");
        var size = fields.getOrDefault("Installed-Size", "0");
        if (name.isEmpty() && !field.isEmpty()) throw new IllegalArgumentException("the stanza names no Package");
        if (!size.matches("\\d{1,10}") || Long.parseLong(size) > MAX_KIB)
            throw new IllegalArgumentException("Installed-Size '%s' of %s is no size in KiB".formatted(size, name));
        if (!name.isEmpty() && packages.size() < limit && !packages.containsKey(name)) {
            var depends = fields.getOrDefault("Pre-Depends", "") + "," + fields.getOrDefault("Depends", "");
            packages.put(name, new Stanza(name, Long.parseLong(size), depends));
            names(fields.getOrDefault("Provides", ""), ",").forEach(virtual -> providers.putIfAbsent(virtual, name));
        }
        fields.clear();
        field = "";
    }

    /// Names without versions and architectures.
    private static Stream<String> names(String list, String separator) {
        return Arrays.stream(list.split(separator))
                .map(entry -> entry.strip().replaceFirst("[ (:\\[].*", ""))
                .filter(name -> !name.isEmpty());
    }

    /// The scenario, after the last line.
    ///
    /// @throws IllegalArgumentException if there is no package in it
    public Scenario scenario(String name, long seed, List<Mix> machines) {
        endOfStanza();
        if (packages.isEmpty()) throw new IllegalArgumentException("the file has no package in it");
        var draft = new Draft("%s, seed %d".formatted(name, seed), seed, machines);
        draft.client("ci");
        var all = List.copyOf(packages.values());
        var needs = needs(all);
        for (int number = 0; number < all.size(); number++) {
            var one = all.get(number);
            var work = Draft.duration(SECONDS + SECONDS_PER_KIB * one.kib);
            draft.add(Job.of(one.name, "ci", work)
                    .estimated(draft.estimate(work))
                    .needing(Arrays.stream(needs[number])
                            .mapToObj(need -> all.get(need).name)
                            .toList())
                    .leaving(one.kib * 1024 / 3));
        }
        return draft.scenario();
    }

    private List<String> dependencies(Stanza one) {
        return Arrays.stream(one.depends.split(","))
                .flatMap(alternatives -> names(alternatives, "\\|")
                        .map(wanted -> packages.containsKey(wanted) ? wanted : providers.getOrDefault(wanted, ""))
                        .filter(found -> !found.isEmpty())
                        .findFirst()
                        .stream())
                .filter(found -> !found.equals(one.name))
                .distinct()
                .toList();
    }

    /// By the places of the packages. What would close a circle on the way down from each in turn is left out.
    private int[][] needs(List<Stanza> all) {
        var numbers = new HashMap<String, Integer>();
        for (var one : all) numbers.put(one.name, numbers.size());
        return DependencyGraph.withoutCircles(all.stream()
                .map(one -> dependencies(one).stream()
                        .mapToInt(need -> numbers.getOrDefault(need, -1))
                        .toArray())
                .toArray(int[][]::new));
    }
}
