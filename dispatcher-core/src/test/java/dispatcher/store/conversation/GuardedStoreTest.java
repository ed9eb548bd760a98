package dispatcher.store.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.StorePath;
import dispatcher.store.Builder;
import dispatcher.store.NarReader;
import dispatcher.store.StoreReader;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.StoreWriter;
import dispatcher.store.Verify;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GuardedStoreTest {
    private static final NarTree TREE = NarTree.file("p");
    private static final StorePath PATH = FakeStore.path("p");

    private final FakeStore inner = new FakeStore().with(FakeStore.info("p", TREE), TREE);
    private final List<String> noted = new ArrayList<>();

    /// Notes the kinds of the calls, before and after.
    private StoreGuard noting(String name) {
        return new StoreGuard() {
            @Override
            public <T> T around(StoreCall<T> call, Next next) throws IOException, InterruptedException {
                var kind = call.getClass().getSimpleName();
                noted.add(name + " before " + kind);
                var answer = next.make(call);
                noted.add(name + " after " + kind);
                return answer;
            }
        };
    }

    @Test
    void callPassesThroughTheGuardsFromTheOutermostToTheStore() throws Exception {
        var store = new GuardedStore(inner, List.of(noting("outer"), noting("inner")));

        assertThat(store.queryPathInfo(PATH)).contains(FakeStore.info("p", TREE));
        assertThat(noted)
                .containsExactly("outer before Info", "inner before Info", "inner after Info", "outer after Info");
        assertThat(inner.journal()).containsExactly("queryPathInfo " + PATH);
    }

    @Test
    void refusalByAGuardReachesNeitherTheNextNorTheStore() {
        var refusing = new StoreGuard() {
            @Override
            public <T> T around(StoreCall<T> call, Next next) throws IOException {
                throw new StoreRefusedException("not for you");
            }
        };
        var store = new GuardedStore(inner, List.of(refusing, noting("inner")));

        assertThatThrownBy(() -> store.queryAllValidPaths()).hasMessage("not for you");
        assertThat(noted).isEmpty();
        assertThat(inner.journal()).isEmpty();
    }

    @Test
    void guardMayHaveTheNarGoElsewhere() throws Exception {
        var elsewhere = new ByteArrayOutputStream();
        var diverting = new StoreGuard() {
            @Override
            public <T> T around(StoreCall<T> call, Next next) throws IOException, InterruptedException {
                return next.make(call.into(elsewhere));
            }
        };
        var sink = new ByteArrayOutputStream();
        var store = new GuardedStore(inner, List.of(diverting));

        assertThat(store.narFromPath(PATH, Verify.HERE, sink).hash()).isEqualTo(TREE.narHash());
        assertThat(elsewhere.toByteArray()).isEqualTo(TREE.toNar());
        assertThat(sink.size()).isZero();
    }

    /// One that is not in there would get around every guard.
    @Test
    void everyOperationOfAStorePassesThroughTheGuards() {
        var guarded = Arrays.stream(GuardedStore.class.getDeclaredMethods())
                .map(GuardedStoreTest::signature)
                .toList();
        var operations = Stream.of(NarReader.class, StoreReader.class, StoreWriter.class, Builder.class)
                .flatMap(part -> Arrays.stream(part.getDeclaredMethods()))
                .filter(method -> !method.isSynthetic())
                .map(GuardedStoreTest::signature)
                .toList();

        assertThat(operations).hasSize(13);
        assertThat(operations)
                .filteredOn(operation -> !guarded.contains(operation))
                .as("of these, one is a short form of another")
                .containsExactly("queryValidPaths[interface java.util.Collection, boolean]");
        assertThat(StoreCall.class.getPermittedSubclasses()).hasSize(operations.size() - 1);
    }

    private static String signature(Method method) {
        return method.getName() + Arrays.toString(method.getParameterTypes());
    }
}
