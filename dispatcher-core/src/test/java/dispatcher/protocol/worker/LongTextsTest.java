package dispatcher.protocol.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.ByteString;
import dispatcher.protocol.BuildResultCodec;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.testkit.ScriptedPeer;
import dispatcher.wire.Limits;
import dispatcher.wire.WireReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// No text of a message is too long to be taken.
class LongTextsTest {
    private static final long NEXT = 0x6f6c6d67;
    private static final long ERROR = 0x63787470;
    private static final long START = 0x53545254;
    private static final long RESULT = 0x52534c54;
    private static final int MIDDLE = 20 << 20;
    private static final ByteString LONG = ByteString.of("begin" + "x".repeat(MIDDLE) + "end");
    private static final int MOST = BuildResultCodec.MOST_MESSAGE + 100;

    private static WorkerMessage read(int minor, ScriptedPeer.Script script) throws IOException {
        var in = new WireReader(new ByteArrayInputStream(ScriptedPeer.bytes(script)), Limits.ANSWERS);
        var message = new MessageCodec(new ProtocolVersion(1, minor)).read(in);
        assertThat(in.awaitInput()).isFalse();
        return message;
    }

    private static void isClipped(String text) {
        assertThat(text.length()).isLessThan(MOST);
        assertThat(text.startsWith("beginxxx")).isTrue();
        assertThat(text.contains(" bytes are left out here]")).isTrue();
        assertThat(text.endsWith("xxxend")).isTrue();
    }

    @Test
    void ofWords() throws IOException {
        if (read(38, out -> out.writeLong(NEXT).writeByteString(LONG)) instanceof WorkerMessage.Next(var text))
            isClipped(text.utf8());
        else throw new AssertionError();
    }

    @Test
    void ofErrors() throws IOException {
        var old = read(25, out -> out.writeLong(ERROR).writeByteString(LONG).writeLong(1));
        isClipped(((WorkerMessage.Failure) old).message());
        var error = read(
                38,
                out -> out.writeLong(ERROR)
                        .writeText("Error")
                        .writeLong(0)
                        .writeText("Error")
                        .writeByteString(LONG)
                        .writeLong(0)
                        .writeLong(0));
        isClipped(((WorkerMessage.Failure) error).message());
    }

    @Test
    void ofTraces() throws IOException {
        var error = read(38, out -> {
            out.writeLong(ERROR)
                    .writeText("Error")
                    .writeLong(0)
                    .writeText("Error")
                    .writeText("no")
                    .writeLong(0)
                    .writeLong(3);
            for (int i = 0; i < 3; i++) out.writeLong(0).writeByteString(LONG);
        });
        var message = ((WorkerMessage.Failure) error).message();
        assertThat(message.length()).isBetween(BuildResultCodec.MOST_MESSAGE, 2 * MOST);
        assertThat(message.startsWith("no\n… begin")).isTrue();
    }

    @Test
    void ofActivitiesAndResultsThatNobodyIsShown() throws IOException {
        var activity = read(
                38,
                out -> out.writeLong(START)
                        .writeLong(1)
                        .writeLong(3)
                        .writeLong(105)
                        .writeByteString(LONG)
                        .writeLong(1)
                        .writeLong(1)
                        .writeByteString(LONG)
                        .writeLong(0));
        assertThat(((WorkerMessage.StartActivity) activity).text().length()).isLessThan(5000);
        var result = read(
                38,
                out -> out.writeLong(RESULT)
                        .writeLong(1)
                        .writeLong(106)
                        .writeLong(1)
                        .writeLong(1)
                        .writeByteString(LONG));
        assertThat(((WorkerMessage.Result) result).fields())
                .isNotEqualTo(List.of())
                .allMatch(field -> ((WorkerMessage.Field.Text) field).value().length() < 5000);
    }
}
