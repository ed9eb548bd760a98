package dispatcher.graph;

import java.util.BitSet;

/// The way down from each node of a graph in turn to all that it needs, the first of its needs first; no node is
/// visited twice.
///
/// The depth-first iterator of JGraphT gives the same order, but searches its stack for each node that it meets again.
/// It takes 1 s for 20,000 packages and 8 s for 60,000, where this takes 0.1 s. Used once; confined to one thread.
final class WayDown {
    private final int[][] needs;
    private final BitSet seen = new BitSet();

    /// For each node, how many of its needs have been looked at.
    private final int[] looked;

    private final int[] finished;
    private int count;

    /// The nodes from the one that this way began with to the one where it is.
    private final int[] way;

    private int depth;

    WayDown(int[][] needs) {
        this.needs = needs;
        this.looked = new int[needs.length];
        this.finished = new int[needs.length];
        this.way = new int[needs.length];
    }

    /// For each node, how many are left for good before it: all that it needs, but for those on the way to it.
    int[] finished() {
        for (int node = 0; node < needs.length; node++) {
            enter(node);
            while (depth > 0) goOn();
        }
        return finished;
    }

    private void enter(int node) {
        if (seen.get(node)) return;
        seen.set(node);
        way[depth++] = node;
    }

    private void goOn() {
        int node = way[depth - 1];
        if (looked[node] < needs[node].length) {
            enter(needs[node][looked[node]++]);
        } else {
            finished[node] = count++;
            depth--;
        }
    }
}
