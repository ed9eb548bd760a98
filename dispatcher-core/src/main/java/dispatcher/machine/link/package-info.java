/// The way to one machine: its transport, its pooled conversations, and the check that a client is not that machine.
/// What is built there, and when, is no matter of this package. Start with `MachineLink` and `ConversationOpener`.
@NullMarked
package dispatcher.machine.link;

import org.jspecify.annotations.NullMarked;
