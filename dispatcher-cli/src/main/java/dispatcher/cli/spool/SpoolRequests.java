package dispatcher.cli.spool;

import dispatcher.cli.control.ControlHandler;
import dispatcher.cli.control.Fields;
import dispatcher.cli.settings.Settings;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.json.Json;
import dispatcher.store.spool.Spool;
import dispatcher.store.spool.SpoolEntry;
import dispatcher.store.spool.SpoolStatus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// What can be asked about an open spool.
///
/// Shapes: `{"command":"spool-status","entries":true}`, where `entries` may be left out, gives
/// `{"path":…,"paths":…,"bytes":…,"pinnedBytes":…,"limit":…,"entries":[{"path":…,"bytes":…,"lastUse":…,"pinned":…},…]}`;
/// `{"command":"spool-trim","bytes":…}` lets paths go until that much is left, and gives the same without
/// `entries`, but with `removed`, the paths that went, `removedPaths` and `removedBytes`. Either list has the first
/// 10,000 only.
///
/// @param settings where the spool is, and what it may hold
public record SpoolRequests(Spool spool, Settings.Spool settings) {
    private static final StoreDir STORE_DIR = StoreDir.NIX_STORE;
    /// Of a spool of many more, a list with all of them would take more memory than the index itself.
    private static final int MOST_LISTED = 10_000;

    private static final String STATUS = "spool-status";
    private static final String TRIM = "spool-trim";

    /// By their names.
    public Map<String, ControlHandler> handlers() {
        return Map.of(STATUS, this::status, TRIM, this::trim);
    }

    static Json.Members statusRequest(boolean entries) {
        return new Json.Members(Map.of("command", new Json.Text(STATUS), "entries", new Json.Bool(entries)));
    }

    static Json.Members trimRequest(long bytes) {
        return new Json.Members(Map.of("command", new Json.Text(TRIM), "bytes", number(bytes)));
    }

    private Json.Members status(Fields request) {
        var members = members(spool.status(), settings);
        if (request.flag("entries"))
            members.put(
                    "entries",
                    elements(spool.entries().stream().limit(MOST_LISTED).map(SpoolRequests::json)));
        return new Json.Members(members);
    }

    private Json.Members trim(Fields request) {
        var trimmed = spool.trim(request.number("bytes"));
        return trimmed(trimmed.paths(), trimmed.bytes(), members(spool.status(), settings));
    }

    /// What both requests are answered with where there is no spool yet.
    static Json.Members nothing(Settings.Spool settings) {
        var members = members(new SpoolStatus(0, 0, 0, 0), settings);
        members.put("entries", elements(Stream.of()));
        return trimmed(List.of(), 0, members);
    }

    private static Json.Members trimmed(List<StorePath> paths, long bytes, Map<String, Json> members) {
        members.put(
                "removed",
                elements(paths.stream().limit(MOST_LISTED).map(path -> new Json.Text(STORE_DIR.print(path)))));
        members.put("removedPaths", number(paths.size()));
        members.put("removedBytes", number(bytes));
        return new Json.Members(members);
    }

    private static Map<String, Json> members(SpoolStatus status, Settings.Spool settings) {
        return new HashMap<>(Map.of(
                "path", new Json.Text(settings.path().toString()),
                "paths", number(status.paths()),
                "bytes", number(status.bytes()),
                "pinnedBytes", number(status.pinnedBytes()),
                "limit", number(settings.size().bytes())));
    }

    private static Json json(SpoolEntry entry) {
        return new Json.Members(Map.of(
                "path", new Json.Text(STORE_DIR.print(entry.path())),
                "bytes", number(entry.bytes()),
                "lastUse", new Json.Text(entry.lastUse().toString()),
                "pinned", new Json.Bool(entry.pinned())));
    }

    private static Json elements(Stream<? extends Json> values) {
        return new Json.Elements(values.<Json>map(value -> value).toList());
    }

    private static Json number(long number) {
        return new Json.Numeral(Long.toString(number));
    }
}
