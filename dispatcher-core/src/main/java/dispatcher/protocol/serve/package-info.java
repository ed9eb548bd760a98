/// The serve protocol, 2.5 to 2.8: its requests, its codec, the client that speaks it to machines and the server that
/// answers clients. What a request does belongs to the [dispatcher.store.Store] behind the server. Start with
/// `ServeServer` and `ServeCodec`. Source: Nix 2.34, `src/libstore/serve-protocol*.cc`, `legacy-ssh-store.cc`,
/// `nix-store.cc`.
@NullMarked
package dispatcher.protocol.serve;

import org.jspecify.annotations.NullMarked;
