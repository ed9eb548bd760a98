/// What makes decisions fast: indexes of machines by what they are fit for and what is free, and of waiting builds by
/// their needs, their clients and their orders. It decides nothing: the rules are in `schedule.policy`, and
/// `schedule` applies them. Start with [dispatcher.schedule.index.Fleet] for machines and
/// [dispatcher.schedule.index.RequirementQueue] for builds.
@NullMarked
package dispatcher.schedule.index;

import org.jspecify.annotations.NullMarked;
