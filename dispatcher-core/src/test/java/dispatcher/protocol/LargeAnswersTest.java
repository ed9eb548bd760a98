package dispatcher.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.MachineProtocol;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.serve.ServeClient;
import dispatcher.protocol.worker.WorkerClient;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Liar;
import dispatcher.testkit.NarTree;
import dispatcher.wire.Limits;
import dispatcher.wire.ProtocolException;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Whatever a client may ask, an honest machine's answer to it is taken.
@Timeout(120)
@Tag("slow")
class LargeAnswersTest {
    /// More than is taken of a machine without a reason.
    private static final int MANY = (int) Limits.ANSWERS.elements() + 10_000;

    private static final StorePath TOP = FakeStore.path("top");

    private static SortedSet<StorePath> many() {
        var paths = new TreeSet<StorePath>();
        for (int i = 0; i < MANY; i++) paths.add(StorePath.of("%032d".formatted(i), "p"));
        return paths;
    }

    private static Store open(FakeMachine machine) throws Exception {
        return machine.machine().protocol() == MachineProtocol.SSH
                ? new ServeClient(machine.open("nix-store"), StoreDir.NIX_STORE, "a")
                : new WorkerClient(machine.open("nix-daemon"), StoreDir.NIX_STORE, "a");
    }

    private static FakeMachine machine(MachineProtocol protocol) {
        var machine = FakeMachine.named("a", 1);
        return protocol == MachineProtocol.SSH ? machine.overServe() : machine;
    }

    /// Has all that it is asked for, and what `more` is.
    private static FakeMachine having(MachineProtocol protocol, SortedSet<StorePath> more) {
        return machine(protocol).lying(truth -> new Liar(truth) {
            @Override
            public SortedSet<StorePath> queryValidPaths(
                    Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute) {
                var all = new TreeSet<>(paths);
                all.addAll(more);
                return all;
            }
        });
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void machineThatHasAllOfManyPathsSaysSo(MachineProtocol protocol) throws Exception {
        var paths = many();
        try (var store = open(having(protocol, Collections.emptySortedSet()))) {
            assertThat(store.queryValidPaths(paths, false)).isEqualTo(paths);
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void machineThatIsAskedForFewHasNoReasonToNameMany(MachineProtocol protocol) throws Exception {
        try (var store = open(having(protocol, many()))) {
            assertThatThrownBy(() -> store.queryValidPaths(List.of(TOP), false))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessageContaining("over the limit of 300000");
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void pathMayHaveAsManyReferencesAsAClientMaySend(MachineProtocol protocol) throws Exception {
        var machine = machine(protocol);
        var tree = NarTree.file("top");
        var info = PathInfo.of(TOP, tree.narHash(), tree.toNar().length, many());
        machine.store().with(info, tree);
        try (var store = open(machine)) {
            assertThat(store.queryPathInfo(TOP).orElseThrow().references()).isEqualTo(info.references());
            assertThat(store.queryPathInfos(List.of(TOP)))
                    .hasEntrySatisfying(
                            TOP, answered -> assertThat(answered.references()).hasSize(MANY));
            assertThat(store.queryPathInfo(TOP)).as("the conversation goes on").isPresent();
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void stringMayBeAsLongAsAClientMaySend(MachineProtocol protocol) throws Exception {
        var machine = machine(protocol);
        var tree = NarTree.file("top");
        var long10 = "key:" + "s".repeat(10 << 20);
        machine.store().with(FakeStore.info("top", tree).withSignature(long10), tree);
        try (var store = open(machine)) {
            assertThat(store.queryPathInfo(TOP).orElseThrow().signatures()).containsExactly(long10);
        }
    }

    /// There it is the dispatcher's own limit that is met, and no machine's fault.
    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void infosThatAreTooMuchTogetherAreRefusedAndTheConversationGoesOn(MachineProtocol protocol) throws Exception {
        var signature = "key:" + "s".repeat(15 << 20);
        var machine = machine(protocol).lying(truth -> new Liar(truth) {
            @Override
            public Optional<PathInfo> queryPathInfo(StorePath path) {
                var tree = NarTree.file("x");
                return Optional.of(PathInfo.of(path, tree.narHash(), tree.toNar().length, List.of())
                        .withSignature(signature));
            }
        });
        var paths = List.of(
                FakeStore.path("a"),
                FakeStore.path("b"),
                FakeStore.path("c"),
                FakeStore.path("d"),
                FakeStore.path("e"));
        try (var store = open(machine)) {
            assertThatThrownBy(() -> store.queryPathInfos(paths))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining("what there is to know of 5 paths takes")
                    .hasMessageContaining("the dispatcher takes no more than");
            assertThat(store.queryPathInfos(paths.subList(0, 2))).hasSize(2);
        }
    }

    @Test
    void ofInfosThatAreTooMuchNoneIsKept() throws Exception {
        var infos = new ReplyChecks.Infos(3, 1000);
        infos.add(FakeStore.info("a", NarTree.file("a")), 600);
        assertThat(infos.all()).hasSize(1);
        infos.add(FakeStore.info("b", NarTree.file("b")), 600);
        assertThatThrownBy(infos::all).isInstanceOf(StoreRefusedException.class);
    }

    @Test
    void thereIsOneInfoForEachPathThatWasAskedFor() {
        var infos = new ReplyChecks.Infos(2);
        assertThat(infos.add(FakeStore.info("a", NarTree.file("a")), 600)).isFalse();
        assertThat(infos.add(FakeStore.info("a", NarTree.file("a")), 600)).isTrue();
        assertThat(infos.add(FakeStore.info("b", NarTree.file("b")), 600)).isFalse();
        assertThat(infos.add(FakeStore.info("c", NarTree.file("c")), 600)).isTrue();
    }
}
