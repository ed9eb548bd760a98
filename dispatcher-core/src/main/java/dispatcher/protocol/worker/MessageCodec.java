package dispatcher.protocol.worker;

import dispatcher.nix.ByteString;
import dispatcher.protocol.BuildResultCodec;
import dispatcher.protocol.ErrorOutput;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.worker.WorkerMessage.Field;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.util.List;

/// The messages of the side channel, for both ends. Immutable.
public record MessageCodec(ProtocolVersion version) {
    private static final long NEXT = 0x6f6c6d67;
    private static final long READ = 0x64617461;
    private static final long WRITE = 0x64617416;
    private static final long LAST = 0x616c7473;
    private static final long ERROR = 0x63787470;
    private static final long START_ACTIVITY = 0x53545254;
    private static final long STOP_ACTIVITY = 0x53544f50;
    private static final long RESULT = 0x52534c54;
    private static final int MAX_FIELDS = 1000;
    private static final int MAX_TRACES = 10_000;

    /// What is kept of a text that a build may have had a part in: an error has the last lines of the build's log.
    private static final int MOST_TEXT = BuildResultCodec.MOST_MESSAGE;

    /// The same of texts that are not shown.
    private static final int MOST_UNSEEN = 4096;

    /// The level of what a user should see by default. Nix 2.4 put "notice" below it.
    public long levelInfo() {
        return version.isAtLeast(1, 22) ? 3 : 2;
    }

    /// Reads a message where no build has anything to say.
    public WorkerMessage read(WireReader in) throws IOException {
        return read(in, (_, _) -> {});
    }

    /// Takes lines of a build's log that are longer than [ErrorOutput#LONGEST_LINE], in pieces.
    public interface LongLines {
        /// A piece of a line that is not the last; that one comes as a message.
        ///
        /// @param length of the whole line
        void piece(ByteString piece, long length);
    }

    /// Reads a message. No text of it is too long: of long ones only the beginning and the end are kept.
    ///
    /// @param longLines is given all of a very long line of the log but its last piece
    public WorkerMessage read(WireReader in, LongLines longLines) throws IOException {
        in.beginMessage();
        long kind = in.readLong();
        if (kind == NEXT) return new WorkerMessage.Next(in.readClipped("message", MOST_TEXT));
        if (kind == READ) return new WorkerMessage.Read(in.readSize("read request"));
        if (kind == WRITE) return new WorkerMessage.Write(in.readByteString("data"));
        if (kind == LAST) return new WorkerMessage.Last();
        if (kind == ERROR) return readError(in);
        if (kind == START_ACTIVITY)
            return new WorkerMessage.StartActivity(
                    in.readLong(),
                    in.readLong(),
                    in.readLong(),
                    in.readClipped("activity", MOST_UNSEEN),
                    readFields(in, MOST_UNSEEN),
                    in.readLong());
        if (kind == STOP_ACTIVITY) return new WorkerMessage.StopActivity(in.readLong());
        if (kind == RESULT) return readResult(in, longLines);
        throw new ProtocolException("message of kind 0x%x is not one of the worker protocol".formatted(kind));
    }

    public void write(WireWriter out, WorkerMessage message) throws IOException {
        switch (message) {
            case WorkerMessage.Next(var text) -> out.writeLong(NEXT).writeByteString(text);
            case WorkerMessage.Read(long limit) -> out.writeLong(READ).writeLong(limit);
            case WorkerMessage.Write(var data) -> out.writeLong(WRITE).writeByteString(data);
            case WorkerMessage.Last() -> out.writeLong(LAST);
            case WorkerMessage.Failure(var text, long exitStatus) -> writeError(out, text, exitStatus);
            case WorkerMessage.StartActivity(long id, long level, long type, var text, var fields, long parent) -> {
                out.writeLong(START_ACTIVITY)
                        .writeLong(id)
                        .writeLong(level)
                        .writeLong(type)
                        .writeByteString(text);
                writeFields(out, fields);
                out.writeLong(parent);
            }
            case WorkerMessage.StopActivity(long id) ->
                out.writeLong(STOP_ACTIVITY).writeLong(id);
            case WorkerMessage.Result(long id, long type, var fields) -> {
                out.writeLong(RESULT).writeLong(id).writeLong(type);
                writeFields(out, fields);
            }
        }
    }

    private static WorkerMessage.Result readResult(WireReader in, LongLines longLines) throws IOException {
        long id = in.readLong();
        long type = in.readLong();
        boolean isLine =
                type == WorkerMessage.RESULT_BUILD_LOG_LINE || type == WorkerMessage.RESULT_POST_BUILD_LOG_LINE;
        if (!isLine) return new WorkerMessage.Result(id, type, readFields(in, MOST_UNSEEN));
        return new WorkerMessage.Result(
                id, type, readFields(in, () -> in.readPieces("log line", ErrorOutput.LONGEST_LINE, longLines::piece)));
    }

    private WorkerMessage.Failure readError(WireReader in) throws IOException {
        if (!version.isAtLeast(1, 26)) {
            var message = in.readClippedText("error message", MOST_TEXT);
            return new WorkerMessage.Failure(message, in.readLong());
        }
        in.readClipped("error type", MOST_UNSEEN);
        in.readLong();
        in.readClipped("error name", MOST_UNSEEN);
        var message = new StringBuilder(in.readClippedText("error message", MOST_TEXT));
        requireNoPosition(in);
        int traces = in.readCount("error traces");
        if (traces > MAX_TRACES) throw new ProtocolException("an error with %d traces".formatted(traces));
        for (int i = 0; i < traces; i++) {
            requireNoPosition(in);
            in.beginMessage();
            var trace = in.readClippedText("error trace", MOST_TEXT);
            if (message.length() < MOST_TEXT) message.append("\n… ").append(trace);
        }
        return new WorkerMessage.Failure(message.toString(), 1);
    }

    private static void requireNoPosition(WireReader in) throws IOException {
        if (in.readLong() != 0) throw new ProtocolException("an error with a position, which no version sends");
    }

    private void writeError(WireWriter out, String message, long exitStatus) throws IOException {
        out.writeLong(ERROR);
        if (version.isAtLeast(1, 26))
            out.writeText("Error")
                    .writeLong(WorkerMessage.LEVEL_ERROR)
                    .writeText("Error")
                    .writeText(message)
                    .writeLong(0)
                    .writeLong(0);
        else out.writeText(message).writeLong(exitStatus);
    }

    private static List<Field> readFields(WireReader in, int mostText) throws IOException {
        return readFields(in, () -> in.readClipped("field", mostText));
    }

    private static List<Field> readFields(WireReader in, WireReader.ElementReader<ByteString> text) throws IOException {
        int count = in.readCount("fields");
        if (count > MAX_FIELDS) throw new ProtocolException("a message with %d fields".formatted(count));
        var fields = new java.util.ArrayList<Field>(count);
        for (int i = 0; i < count; i++) {
            long kind = in.readLong();
            if (kind == 0) fields.add(new Field.Int(in.readLong()));
            else if (kind == 1) fields.add(new Field.Text(text.read()));
            else throw new ProtocolException("field of kind %s".formatted(Long.toUnsignedString(kind)));
        }
        return fields;
    }

    private static void writeFields(WireWriter out, List<Field> fields) throws IOException {
        out.writeLong(fields.size());
        for (var field : fields)
            switch (field) {
                case Field.Int(long value) -> out.writeLong(0).writeLong(value);
                case Field.Text(var value) -> out.writeLong(1).writeByteString(value);
            }
    }
}
