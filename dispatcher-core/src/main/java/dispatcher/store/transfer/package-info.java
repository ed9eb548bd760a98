/// Copies closures to a machine: what is missing there, in which order, over how many conversations. Where a path
/// comes from does not belong here: that is a `PathSource`. Start with `ClosureCopier`.
@NullMarked
package dispatcher.store.transfer;

import org.jspecify.annotations.NullMarked;
