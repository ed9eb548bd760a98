/// The policies that a simulation compares: Nix's build hook, Hydra's two queue runners, and our own scheduler. A
/// policy gets events and their time, and answers which build starts where; it knows no clock and no source of chance
/// but the one that it gets. What machines and links do does not belong here; start with `Contestant`.
@NullMarked
package dispatcher.simulate.policy;

import org.jspecify.annotations.NullMarked;
