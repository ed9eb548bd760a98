package dispatcher.cli.state;

import dispatcher.text.Printable;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/// That a machine gets no more builds: since when, by whom and why, as far as that is known.
///
/// @param since in whole seconds
/// @param by    who drained it; one line that can be shown
/// @param note  what that person wrote down; one line that can be shown
public record Drain(Optional<Instant> since, Optional<String> by, Optional<String> note) {
    /// Characters of a name or a note that are kept.
    public static final int LONGEST = 500;

    /// One of a version that kept nothing but the machine's name.
    public static final Drain UNKNOWN = new Drain(Optional.empty(), Optional.empty(), Optional.empty());

    public Drain {
        since = since.map(at -> at.truncatedTo(ChronoUnit.SECONDS));
        by = by.flatMap(Drain::shown);
        note = note.flatMap(Drain::shown);
    }

    private static Optional<String> shown(String text) {
        return Optional.of(Printable.line(text.strip(), LONGEST)).filter(line -> !line.isEmpty());
    }
}
