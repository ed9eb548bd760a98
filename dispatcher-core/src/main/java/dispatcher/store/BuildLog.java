package dispatcher.store;

import dispatcher.nix.ByteString;
import dispatcher.nix.StorePath;

/// Where a build reports its progress. Safe for any thread. Calls must not block for long, since the machine's output
/// waits behind them; only an implementation that writes to a client may, because only that client's own thread calls
/// it. Lines come in the order in which the builder wrote them.
public interface BuildLog {
    /// For builds whose log has no reader.
    BuildLog NONE = new BuildLog() {
        @Override
        public void note(String text) {}

        @Override
        public void assigned(String machine, String reason) {}

        @Override
        public void phase(String phase) {}

        @Override
        public void line(ByteString line) {}

        @Override
        public void flush() {}
    };

    /// A sentence of the dispatcher's own, not part of the build's log.
    void note(String text);

    /// The build has a machine, and why this one. Comes again if the build is moved.
    void assigned(String machine, String reason);

    /// The builder entered a phase, e.g. `buildPhase`.
    void phase(String phase);

    /// A line of the builder's output, without its newline.
    void line(ByteString line);

    /// An input begins to go to a machine that lacks it.
    default void copying(StorePath path, String machine) {}

    /// It goes no more.
    ///
    /// @param bytes of its NAR; 0 if it did not get there
    default void copied(StorePath path, long bytes) {}

    /// Nothing more is at hand right now: all that came should reach the reader.
    void flush();
}
