package dispatcher.wire;

import java.io.IOException;

/// Counts the memory that one conversation's messages take while they are read and worked on, so that all
/// conversations together take no more than there is. Called by the conversation's thread.
public interface Intake {
    /// Takes as much as comes.
    Intake OPEN = new Intake() {
        @Override
        public void begins() {}

        @Override
        public void takes(long bytes) {}

        @Override
        public void isRead() {}

        @Override
        public void keeps() {}

        @Override
        public void ends() {}
    };

    /// A message begins to come; nothing of an earlier one is needed any more.
    void begins();

    /// The message takes about `bytes` more memory. May wait until there is some.
    ///
    /// @throws IOException if the conversation is to end instead
    void takes(long bytes) throws IOException;

    /// All of the message has come that is to come before it is answered.
    void isRead();

    /// The message will be worked on for a long time, which is no fault of the peer's.
    ///
    /// @throws ProtocolException if there is not the memory for that now; the conversation may go on
    void keeps() throws ProtocolException;

    /// The message has been answered.
    void ends();
}
