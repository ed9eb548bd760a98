package dispatcher.store.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.store.StoreRefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which outputs the paths of a spool are said to be.
class SpoolRealisationsTest {
    private static final long LIMIT = 10_000;

    @TempDir
    private Path temp;

    private Spool spool;
    private final Upload a = Upload.of("a", 4000);
    private final Upload b = Upload.of("b", 3000);

    @BeforeEach
    void open() throws IOException {
        spool = Spool.open(temp, StoreDir.NIX_STORE, SpoolLimits.of(LIMIT));
    }

    @AfterEach
    void close() {
        spool.close();
    }

    private static RealisationId id(int number) {
        return new RealisationId.OfHash("sha256:" + "%064x".formatted(number), "out");
    }

    private static Realisation realisation(int number, StorePath path) {
        return Realisation.unsigned(id(number), path);
    }

    private boolean keep(Realisation realisation) throws IOException, InterruptedException {
        try (var session = spool.session("client")) {
            return session.keep(realisation);
        }
    }

    @Test
    void realisationOutlivesTheProcessWithItsPath() throws Exception {
        a.addTo(spool);
        var signed = realisation(1, a.info().path()).withSignatures(new TreeSet<>(Set.of("key:AAAA")));
        var byPath = Realisation.unsigned(
                new RealisationId.OfPath(StorePath.of("0".repeat(32), "x.drv"), "dev"),
                a.info().path());
        assertThat(keep(signed)).isTrue();
        assertThat(keep(byPath)).isTrue();
        close();
        open();

        assertThat(spool.realisations(signed.id())).containsExactly(signed);
        assertThat(spool.realisations(byPath.id())).containsExactly(byPath);
        assertThat(spool.queryPathInfo(a.info().path())).contains(a.info());

        spool.trim(0);
        assertThat(spool.realisations(signed.id())).isEmpty();
    }

    @Test
    void realisationOfAPathThatIsNotThereIsNotKept() throws Exception {
        assertThat(keep(realisation(1, a.info().path()))).isFalse();
        a.addTo(spool);
        assertThat(spool.realisations(id(1))).isEmpty();
    }

    @Test
    void twoPathsMayBeSaidToBeTheSameOutput() throws Exception {
        a.addTo(spool);
        b.addTo(spool);
        keep(realisation(1, a.info().path()));
        keep(realisation(1, b.info().path()));

        assertThat(spool.realisations(id(1)))
                .containsExactly(
                        realisation(1, a.info().path()), realisation(1, b.info().path()));
    }

    @Test
    void signaturesOfWhatIsSaidTwiceAreJoined() throws Exception {
        a.addTo(spool);
        var path = a.info().path();
        keep(realisation(1, path).withSignatures(new TreeSet<>(Set.of("k:A"))));
        keep(realisation(1, path).withSignatures(new TreeSet<>(Set.of("l:B"))));

        assertThat(spool.realisations(id(1)))
                .containsExactly(realisation(1, path).withSignatures(new TreeSet<>(Set.of("k:A", "l:B"))));
    }

    @Test
    void pathHasABoundedNumberOfThemOfWhichTheLastAreKept() throws Exception {
        a.addTo(spool);
        int most = SpoolLimits.MOST_REALISATIONS;
        for (int number = 0; number <= most; number++)
            keep(realisation(number, a.info().path()));
        close();
        open();

        assertThat(spool.realisations(id(0))).isEmpty();
        assertThat(IntStream.rangeClosed(1, most).mapToObj(number -> spool.realisations(id(number))))
                .allMatch(known -> known.size() == 1);
    }

    @Test
    void realisationThatIsTooLargeIsRefused() throws Exception {
        a.addTo(spool);
        var dependencies = new TreeMap<String, StorePath>();
        for (int number = 0; number < 1000; number++)
            dependencies.put(id(number).toString(), a.info().path());
        var large = new Realisation(id(1), a.info().path(), new TreeSet<>(), dependencies);
        assertThatThrownBy(() -> keep(large))
                .isInstanceOf(StoreRefusedException.class)
                .hasMessageContaining("is longer than the 16384 that are kept");
    }

    @Test
    void memoryForThemIsCountedAndGivenBack() throws Exception {
        var first = new SpoolIndex(SpoolLimits.of(LIMIT));
        var owner = first.enter("client");
        first.put(new NarInfoFile(a.info(), 0), Instant.EPOCH, owner);
        long before = owner.indexBytes;
        first.realise(a.info().path(), List.of(realisation(1, a.info().path())));
        assertThat(owner.indexBytes - before)
                .isEqualTo(SpoolRealisations.weight(realisation(1, a.info().path())));
        first.shrinkTo(0);
        assertThat(owner.indexBytes).isZero();
        assertThat(first.realisations(id(1))).isEmpty();
    }

    @Test
    void fileOfAPathWithARealisationOfAnotherIsSetAside() throws Exception {
        a.addTo(spool);
        keep(realisation(1, a.info().path()));
        var file = temp.resolve("info", a.info().path() + ".narinfo");
        var text = Files.readString(file);
        close();
        Files.writeString(
                file,
                text.replace(
                        "\"outPath\":\"" + a.info().path(),
                        "\"outPath\":\"" + b.info().path()));
        open();

        assertThat(spool.queryPathInfo(a.info().path())).isEmpty();
        assertThat(temp.resolve("bad", a.info().path() + ".narinfo")).exists();
    }
}
