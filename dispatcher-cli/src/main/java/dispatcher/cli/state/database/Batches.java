package dispatcher.cli.state.database;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import org.jdbi.v3.core.statement.PreparedBatch;

/// Many rows in pieces.
public final class Batches {
    private Batches() {}

    /// Hands out all elements, `size` at a time.
    public static <T> void of(Collection<T> all, int size, Consumer<List<T>> work) {
        var some = new ArrayList<T>(Math.min(size, all.size()));
        for (var element : all) {
            some.add(element);
            if (some.size() < size) continue;
            work.accept(some);
            some.clear();
        }
        if (!some.isEmpty()) work.accept(some);
    }

    public static void execute(PreparedBatch batch) {
        if (batch.size() > 0) batch.execute();
    }
}
