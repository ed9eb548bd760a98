/// The worker protocol, 1.21 to 1.38: its requests, its codec, the client that speaks it to machines and the server
/// that answers clients. What a request does belongs to the [dispatcher.store.Store] behind the server. Start with
/// `WorkerServer` and `WorkerCodec`. Source: Nix 2.34, `src/libstore/worker-protocol*.cc`, `daemon.cc`,
/// `remote-store.cc`.
@NullMarked
package dispatcher.protocol.worker;

import org.jspecify.annotations.NullMarked;
