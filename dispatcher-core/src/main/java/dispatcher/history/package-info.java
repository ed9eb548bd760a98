/// What builds took, and so what they will take: durations, memory, sizes, and what waits behind them; and the
/// measured speed of machines and of the ways to them. It gets events and does no I/O: a
/// [dispatcher.history.HistoryStore] writes it down. Start with `History`.
@NullMarked
package dispatcher.history;

import org.jspecify.annotations.NullMarked;
