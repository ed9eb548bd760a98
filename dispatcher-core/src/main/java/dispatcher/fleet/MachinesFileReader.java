package dispatcher.fleet;

import dispatcher.fleet.MachinesFile.Defaults;
import dispatcher.fleet.MachinesFile.Entry;
import dispatcher.fleet.MachinesFile.Includes;
import dispatcher.fleet.MachinesFile.Remark;
import dispatcher.fleet.MachinesFile.Rules;
import dispatcher.fleet.MachinesFile.Source;
import dispatcher.nix.NixSyntaxException;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// One reading of a machines file with all it includes, in time and memory that are in proportion to its size and that
/// of [#MOST_INCLUSIONS] files. Confined to one thread.
final class MachinesFileReader {
    /// Parameters of a store URI that change how a client goes about it, and nothing about the machine.
    private static final Set<String> CLIENT_PARAMETERS = Set.of(
            "compress",
            "log-fd",
            "max-connection-age",
            "max-connections",
            "path-info-cache-size",
            "priority",
            "system-features",
            "trusted",
            "want-mass-query");
    /// Parameters that lead to another store than the machine's own.
    private static final Set<String> OTHER_STORE = Set.of("remote-store", "root", "store", "state", "real");

    /// A file that has more than so many is no machines file with mistakes, but something else.
    static final int MOST_REMARKS = 50;

    /// Files that include others twice could else double what is read with each line.
    static final int MOST_INCLUSIONS = 100;

    private static final Pattern BLANKS = Pattern.compile("[ \\t\\r]+");

    private final Includes includes;
    private final Defaults defaults;
    private final Rules rules;
    private final List<Entry> entries = new ArrayList<>();
    private final List<Remark> faults = new ArrayList<>();
    private final List<Remark> warnings = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private final Map<String, Integer> lastNumbers = new HashMap<>();
    private final Deque<String> open = new ArrayDeque<>();
    private int inclusions;

    MachinesFileReader(Includes includes, Defaults defaults, Rules rules) {
        this.includes = includes;
        this.defaults = defaults;
        this.rules = rules;
    }

    MachinesFile read(Source source) {
        readAll(source);
        return new MachinesFile(entries, faults, warnings);
    }

    private void readAll(Source source) {
        open.push(source.name());
        if (rules == Rules.SINCE_2_29) warnOfOtherReading(source);
        for (var piece : split(source, rules)) {
            if (faults.size() > MOST_REMARKS) break;
            if (piece.text().startsWith("@")) include(source, piece);
            else entry(source, piece);
        }
        open.pop();
    }

    /// Lines of which Nix before 2.29 makes other entries than we do.
    private void warnOfOtherReading(Source source) {
        int number = source.firstLine();
        for (var line : source.text().split("\n", -1)) {
            int comment = line.indexOf('#');
            boolean entryInComment = comment >= 0
                    && line.indexOf(';', comment) >= 0
                    && !beforeComment(line.substring(line.indexOf(';', comment) + 1))
                            .isBlank();
            if (entryInComment)
                warn(
                        source,
                        number,
                        "comment",
                        "Nix before 2.29 takes what follows ; within a comment for a machine; this is read as a"
                                + " comment");
            if (line.startsWith(" ") && line.strip().startsWith("@"))
                warn(
                        source,
                        number,
                        "inclusion",
                        "Nix before 2.29 takes an indented @ for a host name; this is read as an inclusion");
            number++;
        }
    }

    private void include(Source source, Piece piece) {
        var path = piece.text().substring(1).strip();
        try {
            if (++inclusions > MOST_INCLUSIONS)
                throw new BadField(
                        "inclusion",
                        "is one more than the %d that are read; put the machines into fewer files"
                                .formatted(MOST_INCLUSIONS));
            var included = includes.read(path, source.name());
            if (included.isEmpty())
                warn(source, piece.line(), "inclusion", "there is no file " + path + "; it is skipped");
            else if (open.contains(included.get().name())) {
                var circle = new ArrayList<>(List.copyOf(open).reversed());
                circle.add(included.get().name());
                throw new BadField("inclusion", "files include each other in a circle: " + String.join(" > ", circle));
            } else readAll(included.get());
        } catch (IOException e) {
            fault(source, piece, "inclusion", "%s cannot be read: %s".formatted(path, e.getMessage()));
        } catch (BadField e) {
            fault(source, piece, e.field, String.valueOf(e.getMessage()));
        }
    }

    private void entry(Source source, Piece piece) {
        int before = faults.size();
        var fields = new Fields(List.of(BLANKS.split(piece.text().strip())));
        var uri = part(source, piece, () -> uri(fields));
        var systems = part(source, piece, () -> fields.names(1, "systems"));
        var keyFile = part(source, piece, () -> keyFile(fields));
        var maxJobs = part(source, piece, () -> maxJobs(fields));
        var speed = part(source, piece, () -> speedFactor(fields));
        var supported = part(source, piece, () -> fields.names(5, "supported features"));
        var mandatory = part(source, piece, () -> fields.names(6, "mandatory features"));
        var hostKey = part(source, piece, () -> hostKey(fields));
        if (uri.isEmpty()) return;
        var keyFromUri = part(source, piece, () -> keyFile(uri.get()));
        var hostKeyFromUri = part(source, piece, () -> hostKey(uri.get()));
        var compression = part(source, piece, () -> compression(uri.get()));
        parameters(source, piece, uri.get());
        if (faults.size() > before) return;
        var address = new MachineAddress(
                uri.get().host(),
                uri.get().port().orElse(MachineAddress.SSH_PORT),
                uri.get().user().orElse(defaults.user()),
                keyFile.orElseThrow().or(keyFromUri::orElseThrow),
                hostKey.orElseThrow().or(hostKeyFromUri::orElseThrow).map(PublicHostKey::toString));
        var listed = systems.orElseThrow();
        entries.add(new Entry(
                new Machine(
                        uniqueName(address),
                        address,
                        uri.get().protocol(),
                        listed.isEmpty() ? new TreeSet<>(Set.of(defaults.system())) : listed,
                        maxJobs.orElseThrow(),
                        speed.orElseThrow(),
                        supported.orElseThrow(),
                        mandatory.orElseThrow(),
                        compression.orElseThrow(),
                        Choice.AUTO,
                        new TreeMap<>()),
                source.name(),
                piece.line()));
    }

    /// The host; the next with the same host has its port or a number too.
    private String uniqueName(MachineAddress address) {
        var host = address.host();
        var withPort = (host.contains(":") ? "[" + host + "]" : host) + ":" + address.port();
        var name = names.contains(host) && address.port() != MachineAddress.SSH_PORT ? withPort : host;
        while (!names.add(name)) name = host + "#" + lastNumbers.merge(host, 2, (last, ignored) -> last + 1);
        return name;
    }

    @FunctionalInterface
    private interface Part<T> {
        T read() throws BadField;
    }

    /// A part of an entry, or a fault noted and nothing.
    private <T> Optional<T> part(Source source, Piece piece, Part<T> part) {
        try {
            return Optional.of(part.read());
        } catch (BadField e) {
            fault(source, piece, e.field, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    private void fault(Source source, Piece piece, String field, String message) {
        add(faults, new Remark(source.name(), piece.line(), field, message), "faults; what follows is not read");
    }

    private void warn(Source source, int line, String field, String message) {
        add(warnings, new Remark(source.name(), line, field, message), "warnings; no more of them are told");
    }

    private static void add(List<Remark> remarks, Remark remark, String what) {
        if (remarks.size() < MOST_REMARKS) remarks.add(remark);
        else if (remarks.size() == MOST_REMARKS)
            remarks.add(new Remark(
                    remark.source(),
                    remark.line(),
                    "entries",
                    "there are more than %d %s".formatted(MOST_REMARKS, what)));
    }

    private void parameters(Source source, Piece piece, StoreUri uri) {
        for (var name : uri.parameters().keySet()) {
            if (name.equals("ssh-key") || name.equals("base64-ssh-public-host-key")) continue;
            if (OTHER_STORE.contains(name))
                fault(source, piece, "store URI", name + " leads to another store on the machine than its own");
            else if (name.equals("remote-program"))
                warn(
                        source,
                        piece.line(),
                        "store URI",
                        "remote-program is not used; the machine is asked for `%s`"
                                .formatted(uri.protocol().command()));
            else if (!CLIENT_PARAMETERS.contains(name))
                warn(source, piece.line(), "store URI", "unknown parameter " + name + " is ignored");
        }
    }

    /// One entry or inclusion, not yet looked into.
    private record Piece(int line, String text) {}

    /// Splits text into pieces by the one or the other rules.
    private static List<Piece> split(Source source, Rules rules) {
        var pieces = new ArrayList<Piece>();
        int number = source.firstLine();
        for (var line : source.text().split("\n", -1)) {
            var parts = rules == Rules.SINCE_2_29 ? beforeComment(line).split(";") : line.split(";");
            for (var part : parts) {
                var text = rules == Rules.SINCE_2_29 ? part.strip() : beforeComment(part);
                if (!text.isEmpty()) pieces.add(new Piece(number, text));
            }
            number++;
        }
        return pieces;
    }

    private static String beforeComment(String text) {
        int comment = text.indexOf('#');
        return comment < 0 ? text : text.substring(0, comment);
    }

    /// A value of a field is not what it should be.
    private static final class BadField extends Exception {
        private static final long serialVersionUID = 1L;
        private final String field;

        private BadField(String field, String message) {
            super(message, null, false, false);
            this.field = field;
        }
    }

    private static StoreUri uri(Fields fields) throws BadField {
        try {
            return StoreUri.parse(fields.get(0).orElseThrow(() -> new BadField("store URI", "it is missing")));
        } catch (NixSyntaxException e) {
            throw new BadField("store URI", String.valueOf(e.getMessage()));
        }
    }

    private static Optional<Path> keyFile(Fields fields) throws BadField {
        var text = fields.get(2);
        return text.isEmpty() ? Optional.empty() : Optional.of(path("ssh-key", text.get()));
    }

    private static Optional<Path> keyFile(StoreUri uri) throws BadField {
        var text = Optional.ofNullable(uri.parameters().get("ssh-key"));
        return text.isEmpty() ? Optional.empty() : Optional.of(path("ssh-key", text.get()));
    }

    private static Path path(String field, String text) throws BadField {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new BadField(field, "'%s' is no path: %s".formatted(text, e.getReason()));
        }
    }

    private static int maxJobs(Fields fields) throws BadField {
        var text = fields.get(3);
        if (text.isEmpty()) return 1;
        if (!text.get().matches("\\d{1,9}"))
            throw new BadField("max-jobs", "'" + text.get() + "' is not a whole number of 0 or more");
        return Integer.parseInt(text.get());
    }

    private static double speedFactor(Fields fields) throws BadField {
        var text = fields.get(4);
        if (text.isEmpty()) return 1;
        if (!text.get().matches("\\d{1,9}(\\.\\d{0,9})?|\\.\\d{1,9}"))
            throw new BadField("speed-factor", "'" + text.get() + "' is not a number of 0 or more");
        double speed = Double.parseDouble(text.get());
        return speed == 0 ? 1 : speed;
    }

    private static Optional<PublicHostKey> hostKey(Fields fields) throws BadField {
        var text = fields.get(7);
        return text.isEmpty() ? Optional.empty() : Optional.of(hostKey(text.get()));
    }

    private static Optional<PublicHostKey> hostKey(StoreUri uri) throws BadField {
        var text = Optional.ofNullable(uri.parameters().get("base64-ssh-public-host-key"));
        return text.isEmpty() ? Optional.empty() : Optional.of(hostKey(text.get()));
    }

    /// Nix asks for none by default, which here means that it is decided by what is measured.
    private static Choice compression(StoreUri uri) throws BadField {
        return switch (uri.parameters().getOrDefault("compress", "")) {
            case "" -> Choice.AUTO;
            case "true", "yes", "1" -> Choice.YES;
            case "false", "no", "0" -> Choice.NO;
            default -> throw new BadField("store URI", "compress is neither true nor false");
        };
    }

    private static PublicHostKey hostKey(String text) throws BadField {
        try {
            return PublicHostKey.ofEncodedLine(text);
        } catch (NixSyntaxException e) {
            throw new BadField("public-host-key", String.valueOf(e.getMessage()));
        }
    }

    /// The fields of an entry by their position.
    private record Fields(List<String> texts) {
        private Optional<String> get(int index) {
            return index < texts.size() && !texts.get(index).equals("-")
                    ? Optional.of(texts.get(index))
                    : Optional.empty();
        }

        private SortedSet<String> names(int index, String field) throws BadField {
            var names = new TreeSet<String>();
            for (var name : get(index).orElse("").split(",")) {
                if (!name.isEmpty()) names.add(name);
            }
            if (get(index).isPresent() && names.isEmpty())
                throw new BadField(field, "'" + get(index).get() + "' names none");
            return names;
        }
    }
}
