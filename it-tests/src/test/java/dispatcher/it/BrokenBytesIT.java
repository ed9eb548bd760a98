package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Clients that are broken or mean. Whatever one of them says, it learns what was wrong where the protocol has
/// a place for that, the others go on, and nothing of it is left on the disk.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(30)
class BrokenBytesIT {

    private static final String PATH = "/nix/store/" + "a".repeat(32) + "-broken";

    private Fleet fleet;
    private DispatcherProcess dispatcher;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(1).start();
        dispatcher = DispatcherProcess.start(DispatcherSettings.of(fleet).write("broken"), fleet.socket(), "");
    }

    @AfterEach
    void othersGoOnAndNothingIsLeft() throws Exception {
        try (RawWorker other = RawWorker.greeted(fleet.socket())) {
            assertThat(isValid(other, PATH)).isFalse();
        }
        assertThat(spooledFiles()).isEmpty();
        assertThat(dispatcher.log()).doesNotContain("bug:");
    }

    @AfterAll
    void stop() throws IOException {
        try (var _ = fleet) {
            if (dispatcher != null) {
                dispatcher.close();
            }
        }
    }

    // ---- no protocol at all

    @Test
    void garbageEndsItsOwnConnectionOnly() throws Exception {
        Random random = new Random(20_261_122);
        try (RawWorker good = RawWorker.greeted(fleet.socket())) {
            for (int i = 0; i < 50; i++) {
                byte[] garbage = new byte[1 + random.nextInt(200)];
                random.nextBytes(garbage);
                try (RawWorker bad = new RawWorker(fleet.socket())) {
                    bad.bytes(garbage).send();
                    bad.finish();
                    bad.expectEnd();
                }
            }
            assertThat(isValid(good, PATH)).isFalse();
        }
    }

    @Test
    void clientThatSaysNothingDisturbsNobody() throws Exception {
        try (RawWorker _ = new RawWorker(fleet.socket());
                RawWorker halfAWord = new RawWorker(fleet.socket())
                        .bytes((byte) 'c', (byte) 'x')
                        .send();
                RawWorker good = RawWorker.greeted(fleet.socket())) {
            assertThat(isValid(good, PATH)).isFalse();
            assertThat(halfAWord).isNotNull();
        }
    }

    @Test
    void garbageAfterTheHandshakeIsAnsweredWithWhatIsWrong() throws Exception {
        try (RawWorker worker = RawWorker.greeted(fleet.socket())) {
            String message = worker.word(0x1234567890L).send().expectFailure();

            assertThat(message).contains("operation 78187493520").contains("worker protocol");
            assertThat(worker.expectEnd()).isZero();
        }
    }

    @Test
    void lengthOfAStringBeyondReasonIsRefused() throws Exception {
        try (RawWorker worker = RawWorker.greeted(fleet.socket())) {
            String message =
                    worker.word(RawWorker.IS_VALID_PATH).word(1L << 62).send().expectFailure();

            assertThat(message)
                    .contains("IsValidPath")
                    .contains("4611686018427387904")
                    .contains("limit");
            assertThat(worker.expectEnd()).isZero();
        }
    }

    @Test
    void countOfPathsBeyondReasonIsRefused() throws Exception {
        try (RawWorker worker = RawWorker.greeted(fleet.socket())) {
            String message =
                    worker.word(RawWorker.QUERY_VALID_PATHS).word(-1).send().expectFailure();

            assertThat(message).contains("QueryValidPaths").contains("limit");
            assertThat(worker.expectEnd()).isZero();
        }
    }

    @Test
    void paddingThatIsNotZeroIsRefused() throws Exception {
        byte[] padded = RawWorker.string("/nix/store/x".getBytes(StandardCharsets.UTF_8));
        padded[padded.length - 1] = 7;
        try (RawWorker worker = RawWorker.greeted(fleet.socket())) {
            String message =
                    worker.word(RawWorker.IS_VALID_PATH).bytes(padded).send().expectFailure();

            assertThat(message).contains("IsValidPath").contains("padding");
            assertThat(worker.expectEnd()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/gnu/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-other",
                "/nix/store/../../etc/passwd",
                "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a/b",
                "/nix/store/eeee-short",
                "relative",
                ""
            })
    void pathThatIsNoneIsRefused(String path) throws Exception {
        try (RawWorker worker = RawWorker.greeted(fleet.socket())) {
            String message =
                    worker.word(RawWorker.IS_VALID_PATH).text(path).send().expectFailure();

            assertThat(message).contains("IsValidPath").contains("'" + path.replace("/nix/store/", "") + "'");
        }
    }

    // ---- uploads

    @Test
    void goodUploadIsKept() throws Exception {
        byte[] nar = fileNar("fine " + NixClient.newSalt());
        String path = "/nix/store/" + "b".repeat(32) + "-fine";
        try (RawWorker worker = RawWorker.greeted(fleet.socket())) {
            worker.addToStoreNar(path, sha256(nar), nar.length)
                    .frame(nar)
                    .frame()
                    .send()
                    .expectDone();
            assertThat(isValid(worker, path)).isTrue();
        } finally {
            assertThat(spooledFiles()).hasSize(2);
            for (Path file : spooledFiles()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void uploadWithAnotherHashIsRefused() throws Exception {
        byte[] nar = fileNar("other");
        String announced = "0".repeat(64);

        assertThat(refusal(announced, nar.length, nar))
                .contains(PATH.substring(11))
                .containsIgnoringCase("hash");
    }

    @Test
    void uploadOfAnotherSizeIsRefused() throws Exception {
        byte[] nar = fileNar("longer than it says");

        assertThat(refusal(sha256(nar), nar.length + 8, nar)).contains(Integer.toString(nar.length));
        assertThat(refusal(sha256(nar), nar.length - 8, nar)).contains(Integer.toString(nar.length - 8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", ".", "", "a/b", "a\0b"})
    void uploadWithANameThatIsNoneIsRefused(String name) throws Exception {
        byte[] nar = folderNar(name);

        assertThat(refusal(sha256(nar), nar.length, nar)).contains("name");
    }

    @Test
    void uploadWithNamesOutOfOrderIsRefused() throws Exception {
        byte[] nar = folderNar("b", "a");
        assertThat(refusal(sha256(nar), nar.length, nar)).contains("'a'").contains("'b'");

        byte[] twice = folderNar("a", "a");
        assertThat(refusal(sha256(twice), twice.length, twice)).contains("'a'");
    }

    @Test
    void uploadThatIsNoNarIsRefused() throws Exception {
        byte[] text = "just a text, and long enough to be looked at".getBytes(StandardCharsets.UTF_8);

        assertThat(refusal(sha256(text), text.length, text)).contains("upload refused");
    }

    @Test
    void uploadWithoutEndIsRefused() throws Exception {
        byte[] nar = fileNar("the end is missing");
        byte[] part = Arrays.copyOf(nar, nar.length - 16);

        assertThat(refusal(sha256(nar), nar.length, part)).contains("upload refused");
    }

    @Test
    void uploadThatIsCutOffLeavesNothing() throws Exception {
        byte[] nar = fileNar("x".repeat(100_000));
        try (RawWorker worker = RawWorker.greeted(fleet.socket())) {
            worker.addToStoreNar(PATH, sha256(nar), nar.length)
                    .word(nar.length)
                    .bytes(Arrays.copyOf(nar, 50_000))
                    .send();
            worker.finish();
            worker.expectEnd();
        }
    }

    @Test
    void uploadIntoAnotherStoreDirIsRefused() throws Exception {
        byte[] nar = fileNar("elsewhere");
        try (RawWorker worker = RawWorker.greeted(fleet.socket())) {
            String message = worker.addToStoreNar("/gnu/store/" + "a".repeat(32) + "-broken", sha256(nar), nar.length)
                    .frame(nar)
                    .frame()
                    .send()
                    .expectFailure();

            assertThat(message)
                    .contains("AddToStoreNar")
                    .contains("/gnu/store/")
                    .contains("/nix/store");
        }
    }

    /// Uploads this NAR to [#PATH], and then asks something else on the same connection.
    ///
    /// @return what the dispatcher says against the upload
    private String refusal(String announcedHash, long announcedSize, byte[] nar) throws IOException {
        try (RawWorker worker = RawWorker.greeted(fleet.socket())) {
            String message = worker.addToStoreNar(PATH, announcedHash, announcedSize)
                    .frame(nar)
                    .frame()
                    .send()
                    .expectFailure();
            assertThat(isValid(worker, PATH)).as(message).isFalse();
            return message;
        }
    }

    private static boolean isValid(RawWorker worker, String path) throws IOException {
        worker.word(RawWorker.IS_VALID_PATH).text(path).send().expectDone();
        return worker.readWord() == 1;
    }

    private List<Path> spooledFiles() throws IOException {
        try (Stream<Path> files = Files.walk(fleet.folder().resolve("spool"))) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().equals("lock"))
                    .toList();
        }
    }

    // ---- NARs

    private static byte[] fileNar(String contents) {
        return nar("nix-archive-1", "(", "type", "regular", "contents", contents, ")");
    }

    private static byte[] folderNar(String... names) {
        ByteArrayOutputStream nar = new ByteArrayOutputStream();
        nar.writeBytes(nar("nix-archive-1", "(", "type", "directory"));
        for (String name : names) {
            nar.writeBytes(nar("entry", "(", "name", name, "node", "(", "type", "regular", "contents", "x", ")", ")"));
        }
        nar.writeBytes(nar(")"));
        return nar.toByteArray();
    }

    private static byte[] nar(String... tokens) {
        ByteArrayOutputStream nar = new ByteArrayOutputStream();
        for (String token : tokens) {
            nar.writeBytes(RawWorker.string(token.getBytes(StandardCharsets.UTF_8)));
        }
        return nar.toByteArray();
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
