package dispatcher.cli.spool;

import dispatcher.cli.api.SpoolAnswer;
import dispatcher.cli.api.TrimRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.settings.Settings;
import dispatcher.nix.StoreDir;
import dispatcher.store.spool.Spool;
import dispatcher.store.spool.SpoolEntry;
import dispatcher.store.spool.SpoolStatus;
import java.util.List;
import java.util.Optional;

/// An open spool, as the API has it.
///
/// @param settings where the spool is, and what it may hold
public record SpoolEndpoints(Spool spool, Settings.Spool settings) {
    /// The parameter that says whether paths are wanted.
    static final String ENTRIES = "entries";

    private static final StoreDir STORE_DIR = StoreDir.NIX_STORE;

    /// Of a spool of many more, a list with all of them would take more memory than the index itself.
    private static final int MOST_LISTED = 10_000;

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get(SpoolAnswer.PATH, request -> status(request.flag(ENTRIES))),
                Endpoint.post(
                        TrimRequest.PATH,
                        request -> trim(request.body(TrimRequest.class).bytes())));
    }

    SpoolAnswer status(boolean entries) {
        var status = spool.status();
        var listed = entries
                ? Optional.of(spool.entries().stream()
                        .limit(MOST_LISTED)
                        .map(SpoolEndpoints::entry)
                        .toList())
                : Optional.<List<SpoolAnswer.Entry>>empty();
        return answer(status, settings, listed, Optional.empty(), Optional.empty(), Optional.empty());
    }

    SpoolAnswer trim(long bytes) {
        var trimmed = spool.trim(bytes);
        return answer(
                spool.status(),
                settings,
                Optional.empty(),
                Optional.of(trimmed.paths().stream()
                        .limit(MOST_LISTED)
                        .map(STORE_DIR::print)
                        .toList()),
                Optional.of((long) trimmed.paths().size()),
                Optional.of(trimmed.bytes()));
    }

    /// What both are answered with where there is no spool yet.
    static SpoolAnswer nothing(Settings.Spool settings) {
        return answer(
                new SpoolStatus(0, 0, 0, 0),
                settings,
                Optional.of(List.of()),
                Optional.of(List.of()),
                Optional.of(0L),
                Optional.of(0L));
    }

    private static SpoolAnswer answer(
            SpoolStatus status,
            Settings.Spool settings,
            Optional<List<SpoolAnswer.Entry>> entries,
            Optional<List<String>> removed,
            Optional<Long> removedPaths,
            Optional<Long> removedBytes) {
        return new SpoolAnswer(
                settings.path().toString(),
                status.paths(),
                status.bytes(),
                status.pinnedBytes(),
                settings.size().bytes(),
                entries,
                removed,
                removedPaths,
                removedBytes);
    }

    private static SpoolAnswer.Entry entry(SpoolEntry entry) {
        return new SpoolAnswer.Entry(STORE_DIR.print(entry.path()), entry.bytes(), entry.lastUse(), entry.pinned());
    }
}
