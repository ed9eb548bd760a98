package dispatcher.simulate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/// The links to the machines. What is on its way over one link shares its bandwidth equally; what goes to machines
/// shares an uplink as well, which gives every link the same as far as it can take it. Confined to one thread.
final class Network {
    private static final double NANOS = 1e9;
    /// Rounding makes no transfer wait for less than this.
    private static final double NOTHING = 1e-3;

    private final OptionalDouble uplink;
    private final LinkedHashSet<Link> busy = new LinkedHashSet<>();
    private Instant settled = Instant.EPOCH;

    /// @param uplink bytes per second
    Network(OptionalDouble uplink) {
        this.uplink = uplink;
    }

    /// One direction of the way to a machine.
    static final class Link {
        private final double bandwidth;
        private final boolean up;
        private final List<Transfer> transfers = new ArrayList<>();
        private double rate;

        /// @param bandwidth bytes per second
        /// @param up        to the machine, and so over the uplink
        Link(double bandwidth, boolean up) {
            this.bandwidth = bandwidth;
            this.up = up;
        }
    }

    /// Bytes on their way.
    static final class Transfer {
        private final Link link;
        private final Runnable arrived;
        private double left;

        private Transfer(Link link, double left, Runnable arrived) {
            this.link = link;
            this.left = left;
            this.arrived = arrived;
        }
    }

    /// @param arrived is called when all of it is there
    Transfer send(Link link, long bytes, Instant now, Runnable arrived) {
        settle(now);
        var transfer = new Transfer(link, bytes, arrived);
        link.transfers.add(transfer);
        busy.add(link);
        allot();
        return transfer;
    }

    void cancel(Transfer transfer, Instant now) {
        settle(now);
        remove(transfer);
        allot();
    }

    private void remove(Transfer transfer) {
        transfer.link.transfers.remove(transfer);
        if (transfer.link.transfers.isEmpty()) busy.remove(transfer.link);
    }

    /// When something arrives next, if nothing else happens.
    Optional<Instant> next() {
        return busy.stream()
                .map(Network::seconds)
                .min(Comparator.naturalOrder())
                .map(seconds -> settled.plusNanos((long) Math.ceil(seconds * NANOS)));
    }

    private static double seconds(Link link) {
        double least = link.transfers.stream()
                .mapToDouble(transfer -> transfer.left)
                .min()
                .orElse(0);
        return Math.max(0, least) / each(link);
    }

    /// Bytes per second of each of a link's transfers.
    private static double each(Link link) {
        return link.rate / link.transfers.size();
    }

    /// Hands over what has arrived.
    void run(Instant now) {
        settle(now);
        var arrived = new ArrayList<Transfer>();
        for (var link : busy)
            for (var transfer : link.transfers)
                if (transfer.left <= NOTHING + 2 * each(link) / NANOS) arrived.add(transfer);
        if (arrived.isEmpty()) return;
        arrived.forEach(this::remove);
        allot();
        arrived.forEach(transfer -> transfer.arrived.run());
    }

    private void settle(Instant now) {
        double seconds = Duration.between(settled, now).toNanos() / NANOS;
        settled = now;
        if (seconds == 0) return;
        for (var link : busy) {
            double sent = seconds * each(link);
            for (var transfer : link.transfers) transfer.left -= sent;
        }
    }

    private void allot() {
        for (var link : busy) link.rate = link.bandwidth;
        if (uplink.isEmpty()) return;
        var links = busy.stream()
                .filter(link -> link.up)
                .sorted(Comparator.comparingDouble(link -> link.bandwidth))
                .toList();
        double left = uplink.getAsDouble();
        for (int i = 0; i < links.size(); i++) {
            var link = links.get(i);
            link.rate = Math.min(link.bandwidth, left / (links.size() - i));
            left -= link.rate;
        }
    }
}
