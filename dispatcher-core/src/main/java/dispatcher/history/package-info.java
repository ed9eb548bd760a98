/// What builds took, and so what they will take: durations, memory, sizes, what waits behind them; and how fast
/// machines and the ways to them have proved to be. Fed by events; does no I/O: who writes it down is a
/// [dispatcher.history.HistoryStore].
@NullMarked
package dispatcher.history;

import org.jspecify.annotations.NullMarked;
