/// `schedule.trace`: records what clients ask for and what it takes, for `dispatcher simulate`. The format of the
/// trace belongs to `dispatcher.simulate.trace`. Start with [dispatcher.cli.recording.TraceRecorder].
@NullMarked
package dispatcher.cli.recording;

import org.jspecify.annotations.NullMarked;
