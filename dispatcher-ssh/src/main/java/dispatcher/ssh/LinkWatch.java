package dispatcher.ssh;

/// Receives from the writers of a connection how the writing goes. For any thread; called with no lock held.
public interface LinkWatch {
    /// A writer begins to wait for the link.
    void waits();

    /// That writer no longer waits.
    void waited();

    /// Bytes of what was written have left for the network.
    void left(int bytes);

    /// Bytes have been made ready to be sent, compressed and encrypted, in a time in nanoseconds.
    void prepared(int bytes, long nanos);

    /// Ignores all reports.
    LinkWatch NONE = new LinkWatch() {
        @Override
        public void waits() {}

        @Override
        public void waited() {}

        @Override
        public void left(int bytes) {}

        @Override
        public void prepared(int bytes, long nanos) {}
    };
}
