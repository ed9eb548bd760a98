/// The way to one machine: its transport, its pooled conversations, and the check that a client is not that machine.
/// What is built there, and when, does not belong here. Start with `MachineLink` and `ConversationOpener`.
@NullMarked
package dispatcher.machine.link;

import org.jspecify.annotations.NullMarked;
