/// What makes decisions fast: machines by what they are fit for and by what is free, builds that wait by what
/// they need, by client, and in their orders. It decides nothing: who is next and where are in `schedule.policy`,
/// and what asks both is in `schedule`. Start reading with [dispatcher.schedule.index.Fleet] for machines and
/// [dispatcher.schedule.index.RequirementQueue] for builds.
@NullMarked
package dispatcher.schedule.index;

import org.jspecify.annotations.NullMarked;
