package dispatcher.cli.web;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.locks.ReentrantLock;

/// What came of actions, for the page that a browser shows next. The address of that has only a random name for it, so
/// that no link makes a page say something else. The last [#MOST] are kept. Safe for any thread.
final class Notes {
    static final int MOST = 256;

    /// The parameter of a page that has the name.
    static final String PARAMETER = "said";

    private static final int NAME_BYTES = 12;

    private final SecureRandom random = new SecureRandom();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final SequencedMap<String, String> notes = new LinkedHashMap<>();

    /// @return its name
    String keep(String text) {
        var bytes = new byte[NAME_BYTES];
        random.nextBytes(bytes);
        var name = HexFormat.of().formatHex(bytes);
        lock.lock();
        try {
            notes.put(name, text);
            if (notes.size() > MOST) notes.pollFirstEntry();
        } finally {
            lock.unlock();
        }
        return name;
    }

    Optional<String> find(String name) {
        lock.lock();
        try {
            return Optional.ofNullable(notes.get(name));
        } finally {
            lock.unlock();
        }
    }
}
