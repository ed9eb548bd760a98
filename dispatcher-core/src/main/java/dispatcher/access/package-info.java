/// Who may come in, how much and with which rights: the rules for clients, what each is granted, and the limits on
/// connections, logins, requests and memory. What a client then asks for does not belong here. Start with
/// `ClientRules` and `ConnectionLimiter`.
@NullMarked
package dispatcher.access;

import org.jspecify.annotations.NullMarked;
