package dispatcher.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ClosureTest {
    private final PathInfo libc = info("libc");
    private final PathInfo lib = info("lib", libc.path());
    private final PathInfo app = info("app", lib.path(), libc.path(), FakeStore.path("app"));
    private final List<Collection<StorePath>> asked = new ArrayList<>();

    private static PathInfo info(String name, StorePath... references) {
        return FakeStore.info(name, NarTree.file(name), references);
    }

    private Closure closure(List<PathInfo> known, StorePath... roots) throws Exception {
        var infos = known.stream().collect(Collectors.toMap(PathInfo::path, info -> info));
        return Closure.of(new TreeSet<>(List.of(roots)), paths -> {
            asked.add(List.copyOf(paths));
            var found = new HashMap<>(infos);
            found.keySet().retainAll(paths);
            return found;
        });
    }

    @Test
    void allThatIsReferredToIsInItAndAskedForOnce() throws Exception {
        assertThat(closure(List.of(libc, lib, app), app.path()).paths())
                .containsExactlyInAnyOrder(libc.path(), lib.path(), app.path());
        assertThat(asked.stream().flatMap(Collection::stream)).doesNotHaveDuplicates();
    }

    @Test
    void thereAreNoMoreQuestionsThanItIsDeep() throws Exception {
        var chain = new ArrayList<PathInfo>();
        for (int i = 0; i < 5; i++)
            chain.add(
                    chain.isEmpty() ? info("p0") : info("p" + i, chain.getLast().path(), libc.path()));
        closure(chain, chain.getLast().path());
        assertThat(asked).hasSize(5);
    }

    @Test
    void whatNobodyKnowsIsNamed() throws Exception {
        var closure = closure(List.of(app), app.path());
        assertThat(closure.unknown()).containsExactlyInAnyOrder(lib.path(), libc.path());
        assertThat(closure.paths()).contains(lib.path());
    }
}
