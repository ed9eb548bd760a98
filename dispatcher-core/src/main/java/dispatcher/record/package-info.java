/// What is kept of each build that a client has asked for: who asked, where it went and why, what it took, how it
/// ended, and its log. [BuildRecorder] makes records from events; a [RecordStore] keeps them.
///
/// What the scheduler learns from builds belongs to `history`, and how records are written to disk to the program.
/// Start with [BuildRecord].
@NullMarked
package dispatcher.record;

import org.jspecify.annotations.NullMarked;
