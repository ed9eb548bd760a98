package dispatcher.simulate;

import dispatcher.simulate.model.Client;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// A client in the course of a simulation. Confined to one thread.
final class ClientState {
    final Client client;
    /// Builds whose inputs are built, and that it has not asked for yet.
    final ArrayDeque<Integer> ready = new ArrayDeque<>();
    /// Builds reported to it as failed.
    final List<Integer> failed = new ArrayList<>();
    /// Builds that it has asked for and that have not ended.
    int open;

    ClientState(Client client) {
        this.client = client;
    }

    boolean mayAsk() {
        return !ready.isEmpty() && open < client.maxParallel();
    }
}
