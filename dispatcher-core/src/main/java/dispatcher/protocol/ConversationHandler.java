package dispatcher.protocol;

/// Holds a conversation with one client, from the first byte to the last.
public interface ConversationHandler {
    /// Blocks until the client has gone or is sent away; called on a thread of the conversation's own, which is
    /// interrupted when the dispatcher stops. Throws nothing for what goes wrong in one conversation.
    ///
    /// @return the exit status for the client's command: 0 if all went well
    int handle(ClientProtocol protocol, Conversation conversation);
}
