/// The policies that a simulation compares: Nix's build hook, Hydra's two queue runners, and our own scheduler. Each
/// is
/// told what happens and says what starts where; time is told to it, and it draws on no other source of chance than
/// the
/// one that it is given.
@NullMarked
package dispatcher.simulate.policy;

import org.jspecify.annotations.NullMarked;
