package dispatcher.cli.api.graph;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// Which builds need which, of those that clients asked for lately. What a client will ask for later is not known, and
/// neither is what it has itself or gets from a cache.
///
/// @param since   from when builds are in it, at the earliest when the dispatcher was started
/// @param clients that have asked for builds since then, by name
/// @param nodes   the first to be asked for first
/// @param more    whether there were more, of which the ones asked for last are listed
public record GraphAnswer(Instant now, Instant since, List<Client> clients, List<Node> nodes, boolean more) {
    public static final String PATH = "/api/v1/graph";

    public GraphAnswer {
        clients = List.copyOf(clients);
        nodes = List.copyOf(nodes);
    }

    /// @param builds that it asked for
    public record Client(String name, long builds) {}

    /// One build.
    ///
    /// @param number  by which others name it in `needs`
    /// @param id      of its record; absent if it has none
    /// @param state   the `outcome` of a record
    /// @param machine that it is on, or was on last
    /// @param needs   builds of the list whose outputs it uses, but for those that another of them needs already
    public record Node(
            long number,
            Optional<Long> id,
            String drv,
            String name,
            String client,
            String state,
            Optional<String> machine,
            Instant asked,
            List<Long> needs) {
        public Node {
            needs = List.copyOf(needs);
        }
    }
}
