package dispatcher.cli.top;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Shares the lines of a screen among its lists.
final class Heights {
    /// A title, the heads of columns, and a row.
    private static final int LEAST = 3;

    private Heights() {}

    /// All get what they want if there is room for it. Else each gets a part of what there is, and the active one
    /// the rest; where not even that is possible, there is only the active one.
    ///
    /// @param room   lines
    /// @param wanted by each list
    /// @return 0 for one that is not shown
    static List<Integer> share(int room, List<Integer> wanted, int active) {
        int all = wanted.stream().mapToInt(Integer::intValue).sum();
        if (all <= room) return wanted;
        var shares = new ArrayList<>(Collections.nCopies(wanted.size(), 0));
        int left = room;
        if (room >= LEAST * wanted.size()) {
            int part = Math.max(LEAST, room / (wanted.size() + 1));
            for (int list = 0; list < wanted.size(); list++) {
                if (list == active) continue;
                shares.set(list, Math.min(wanted.get(list), part));
                left -= shares.get(list);
            }
        }
        int most = Math.min(left, wanted.get(active));
        shares.set(active, Math.max(0, most));
        left -= most;
        for (int list = 0; list < wanted.size() && left > 0; list++) {
            if (shares.get(list) == 0) continue;
            int more = Math.min(left, wanted.get(list) - shares.get(list));
            shares.set(list, shares.get(list) + more);
            left -= more;
        }
        return shares;
    }
}
