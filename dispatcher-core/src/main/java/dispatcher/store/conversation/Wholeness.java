package dispatcher.store.conversation;

import dispatcher.store.StoreRefusedException;
import java.io.IOException;
import java.io.OutputStream;

/// Notes when a call breaks off: then it is unknown what the far end will say next, or whether it still listens.
/// Confined to the conversation's thread.
final class Wholeness implements StoreGuard {
    private final Runnable onAnswer;
    private boolean brokenOff;
    private boolean heard;

    /// @param onAnswer called at each answer, be it a refusal
    Wholeness(Runnable onAnswer) {
        this.onAnswer = onAnswer;
    }

    /// Whether a call broke off.
    boolean isBrokenOff() {
        return brokenOff;
    }

    /// Whether the far end has answered anything.
    boolean isHeard() {
        return heard;
    }

    @Override
    public <T> T around(StoreCall<T> call, Next next) throws IOException, InterruptedException {
        if (!(call instanceof StoreCall.Nar nar)) return watched(call, next);
        var noted = new NotedSink(nar.sink());
        try {
            return watched(call.into(noted), next);
        } catch (StoreRefusedException e) {
            // After the first byte it comes from the receiver of the NAR, and leaves the rest of it unread.
            brokenOff |= noted.begun;
            throw e;
        }
    }

    private <T> T watched(StoreCall<T> call, Next next) throws IOException, InterruptedException {
        boolean answered = false;
        try {
            var answer = next.make(call);
            answered = true;
            return answer;
        } catch (StoreRefusedException e) {
            answered = true;
            throw e;
        } finally {
            if (answered) {
                heard = true;
                onAnswer.run();
            } else {
                brokenOff = true;
            }
        }
    }

    private static final class NotedSink extends OutputStream {
        private final OutputStream out;
        private boolean begun;

        NotedSink(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            begun = true;
            out.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            begun = true;
            out.write(bytes, offset, length);
        }
    }
}
