package dispatcher.wire;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/// The way to a host: starts commands there. Safe for any number of threads; connections are made when needed and
/// shared.
public interface Transport extends Closeable {
    /// Starts `command` as the host's login shell would see it, and returns at once, when the host has accepted the
    /// command, with no word yet from the program.
    ///
    /// @throws UnreachableException if the host cannot be reached or does not let us in
    CommandChannel open(String command) throws IOException, InterruptedException;

    /// The same, if a connection is there that takes one more command at once; empty if not, also by default. Makes
    /// no connection, and keeps none that is idle. A connection that breaks meanwhile counts as none.
    default Optional<CommandChannel> openIfConnected(String command) throws IOException, InterruptedException {
        return Optional.empty();
    }

    /// Whether the host gives a sign of life within `limit`, from which nothing follows but that it is worth
    /// while to wait for more. By default that is taken to be so.
    default boolean answers(Duration limit) throws InterruptedException {
        return true;
    }

    /// Whether the host is off as far as is known, and [#open] would have to start it. By default it is not.
    default boolean isOff() {
        return false;
    }

    /// Whether the host is up as far as is known: else [#open] would wait until it has started. By default it is.
    default boolean isUp() {
        return true;
    }

    /// Finds out whether a host that is started when it is needed is up still, which may contact what starts it, and
    /// never starts it. By default it is up.
    default void lookWhetherUp() throws InterruptedException {}

    /// Waits until the host is up; starts it if it is off. By default it is up.
    ///
    /// @throws IOException if it cannot be started
    default void awaitUp() throws IOException, InterruptedException {}

    /// Has `action` run, on a thread of its own, whenever commands that are started from then on have a better way
    /// than those that run, so that it is worth while to start anew what is idle. By default that never happens.
    ///
    /// @param action replaces the one before
    default void onBetterWay(Runnable action) {}

    /// Whether what is sent on it takes from what may be sent to other hosts at the same time. By default it does
    /// not.
    default boolean isRationed() {
        return false;
    }

    /// The numeric address of the host that the latest connection led to; empty if there was none, and by
    /// default.
    default Optional<String> peer() {
        return Optional.empty();
    }

    @Override
    void close();
}
