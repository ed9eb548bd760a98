package dispatcher.testkit;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// What of one package must be read at once: its source files, and those of them that depend on each other
/// mutually. A nested class counts with the one that it is in.
final class PackageSizes {
    private PackageSizes() {}

    /// @param most classes of one package that depend on each other mutually
    static ArchCondition<JavaClass> haveNoKnotOfMoreThan(int most) {
        return new PackageCondition("have no more than %d that depend on each other mutually".formatted(most)) {
            @Override
            void check(String name, Map<String, Set<String>> dependencies, ConditionEvents events) {
                for (Set<String> knot : knots(dependencies))
                    report(
                            name,
                            "%d classes depend on each other: %s".formatted(knot.size(), String.join(", ", knot)),
                            knot.size() <= most,
                            events);
            }
        };
    }

    /// @param most source files of one package, `package-info` not counted
    static ArchCondition<JavaClass> haveNoMoreFilesThan(int most) {
        return new PackageCondition("have no more than %d source files".formatted(most)) {
            @Override
            void check(String name, Map<String, Set<String>> dependencies, ConditionEvents events) {
                report(name, "has %d source files".formatted(dependencies.size()), dependencies.size() <= most, events);
            }
        };
    }

    /// Sets of names that lead to each other, those of one name included.
    ///
    /// @param dependencies each name with those that it leads to, all of which have an entry
    static Set<Set<String>> knots(Map<String, Set<String>> dependencies) {
        Map<String, Set<String>> reached = dependencies.keySet().stream()
                .collect(Collectors.toMap(name -> name, name -> from(name, dependencies)));
        return reached.keySet().stream()
                .map(name -> reached.getOrDefault(name, Set.of()).stream()
                        .filter(other -> reached.getOrDefault(other, Set.of()).contains(name))
                        .collect(Collectors.toCollection(TreeSet::new)))
                .collect(Collectors.toSet());
    }

    private static Set<String> from(String first, Map<String, Set<String>> dependencies) {
        Set<String> reached = new TreeSet<>(Set.of(first));
        Deque<String> next = new ArrayDeque<>(reached);
        while (!next.isEmpty())
            for (String name : dependencies.getOrDefault(next.remove(), Set.of()))
                if (reached.add(name)) next.add(name);
        return reached;
    }

    /// Checks each package once, when all its classes have been seen.
    private abstract static class PackageCondition extends ArchCondition<JavaClass> {
        private final Map<String, Map<String, Set<String>>> packages = new TreeMap<>();

        PackageCondition(String description) {
            super(description);
        }

        /// @param dependencies simple name of each class of the package, with those of the same package that it uses
        abstract void check(String name, Map<String, Set<String>> dependencies, ConditionEvents events);

        @Override
        public void init(Collection<JavaClass> allClasses) {
            packages.clear();
        }

        @Override
        public void check(JavaClass item, ConditionEvents events) {
            String own = outermost(item);
            if (own.equals("package-info")) return;
            Set<String> uses = packages.computeIfAbsent(item.getPackageName(), _ -> new HashMap<>())
                    .computeIfAbsent(own, _ -> new TreeSet<>());
            for (Dependency dependency : item.getDirectDependenciesFromSelf()) {
                JavaClass target = dependency.getTargetClass().getBaseComponentType();
                if (target.getPackageName().equals(item.getPackageName())) uses.add(outermost(target));
            }
        }

        @Override
        public void finish(ConditionEvents events) {
            packages.forEach((name, dependencies) -> check(name, dependencies, events));
        }

        private static String outermost(JavaClass item) {
            String name = item.getName().substring(item.getName().lastIndexOf('.') + 1);
            int nested = name.indexOf('$');
            return nested < 0 ? name : name.substring(0, nested);
        }

        static void report(String name, String what, boolean isMet, ConditionEvents events) {
            events.add(new SimpleConditionEvent(name, isMet, "package %s: %s".formatted(name, what)));
        }
    }
}
