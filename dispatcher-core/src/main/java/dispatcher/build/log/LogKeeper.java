package dispatcher.build.log;

import dispatcher.store.BuildLog;

/// Keeps the logs of builds for later. Safe for any thread.
@FunctionalInterface
public interface LogKeeper {
    /// Keeps none.
    LogKeeper NONE = _ -> BuildLog.NONE;

    /// Where the log of a build goes, beside those who read it now. Its calls never wait for anything.
    ///
    /// @param build its number, as in events
    BuildLog of(long build);
}
