package dispatcher.machine.file;

import dispatcher.machine.Choice;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.PublicHostKey;
import dispatcher.machine.Reach;
import dispatcher.machine.file.MachinesFile.Defaults;
import dispatcher.nix.NixSyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;

/// The columns of one entry of a machines file. Each is held to what it can be, since an empty one that was left
/// out, and not written as `-`, makes all after it mean something else. Confined to one thread.
final class MachineColumns {
    private static final Pattern USUAL_SYSTEM = Pattern.compile(
            "(?:x86_64|i[3-6]86|aarch64|armv[5-8]\\w*|riscv64|powerpc64(?:le)?)-(?:linux|darwin|freebsd)");
    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}(?:\\.\\d{1,9})?");
    /// The base 64 of `ssh-`, `ecdsa-` and `sk-`, with which the lines of keys begin.
    private static final Pattern HOST_KEY = Pattern.compile("c3NoL|ZWNkc2Et|c2st");

    private static final Pattern WORD = Pattern.compile("[a-z][a-z0-9-]{1,39}");

    private final List<String> texts;
    private final Defaults defaults;
    private final Notes notes;
    private boolean faulty;
    private boolean shifted;

    /// Hears what is to be said about the entry.
    interface Notes {
        /// Nix would refuse it, or we cannot do it.
        void fault(String field, String message);

        /// It is allowed and probably not meant.
        void warning(String field, String message);
    }

    /// @param texts the columns in their order; `-` or none for the default
    MachineColumns(List<String> texts, Defaults defaults, Notes notes) {
        this.texts = texts;
        this.defaults = defaults;
        this.notes = notes;
    }

    /// The machine, or nothing and at least one fault noted.
    ///
    /// @param naming gives it its name
    Optional<Machine> read(Function<MachineAddress, String> naming) {
        var uri = part(this::uri);
        var systems = part(this::systems);
        var keyFile = part(() -> keyFile(get(2)));
        var maxJobs = part(this::maxJobs);
        var speed = part(this::speedFactor);
        var supported = part(() -> features(5, "supported features"));
        var mandatory = part(() -> features(6, "mandatory features"));
        var hostKeys = part(() -> hostKeys(get(7)));
        var parameters = uri.map(read -> new MachineParameters(read, notes));
        var keyFromUri = parameters.flatMap(all -> part(() -> keyFile(all.keyFile())));
        var hostKeysFromUri = parameters.flatMap(all -> part(() -> hostKeys(all.hostKeys())));
        var port = parameters.flatMap(all -> part(all::port));
        var compression = parameters.flatMap(all -> part(all::compression));
        var remoteProgram = parameters.flatMap(all -> part(all::remoteProgram));
        var others = parameters.flatMap(all -> part(all::others));
        if (faulty || others.isEmpty()) return Optional.empty();
        warnOfMandatory(supported.orElseThrow(), mandatory.orElseThrow());
        var address = new MachineAddress(
                uri.orElseThrow().host(),
                port.orElseThrow(),
                uri.orElseThrow().user().orElse(defaults.user()),
                keyFile.orElseThrow().or(keyFromUri::orElseThrow),
                hostKeys.orElseThrow().or(hostKeysFromUri::orElseThrow),
                Reach.stating(
                        parameters.orElseThrow().statesPort(),
                        uri.orElseThrow().user().isPresent()));
        return Optional.of(new Machine(
                naming.apply(address),
                address,
                uri.orElseThrow().protocol(),
                remoteProgram.orElseThrow(),
                systems.orElseThrow(),
                maxJobs.orElseThrow(),
                speed.orElseThrow(),
                supported.orElseThrow(),
                mandatory.orElseThrow(),
                compression.orElseThrow(),
                Choice.AUTO,
                Collections.emptySortedMap(),
                Optional.empty()));
    }

    @FunctionalInterface
    private interface Part<T> {
        T read() throws BadField;
    }

    /// A part of the entry; or nothing, with the fault noted. After a column that is shifted, no more faults are
    /// noted.
    private <T> Optional<T> part(Part<T> part) {
        try {
            return Optional.of(part.read());
        } catch (BadField e) {
            if (!shifted) notes.fault(e.field(), String.valueOf(e.getMessage()));
            faulty = true;
            shifted |= e instanceof Shifted;
            return Optional.empty();
        }
    }

    /// A column holds what belongs into another one.
    private static final class Shifted extends BadField {
        private static final long serialVersionUID = 1L;

        private Shifted(String field, String message, String looks) {
            super(
                    field,
                    "%s; it looks like %s: is a column before it left out? Write - for an empty one"
                            .formatted(message, looks));
        }
    }

    private static BadField wrong(String field, String text, String message) {
        var looks = looksLike(text);
        return looks.isEmpty() ? new BadField(field, message) : new Shifted(field, message, looks.get());
    }

    private static Optional<String> looksLike(String text) {
        if (NUMBER.matcher(text).matches()) return Optional.of("max-jobs or speed-factor");
        if (USUAL_SYSTEM.matcher(text).matches()) return Optional.of("a system");
        if (HOST_KEY.matcher(text).lookingAt()) return Optional.of("the public-host-key");
        if (text.startsWith("/") || text.startsWith("~/")) return Optional.of("the ssh-key");
        return Optional.empty();
    }

    private Optional<String> get(int index) {
        return index < texts.size()
                        && !texts.get(index).equals("-")
                        && !texts.get(index).isEmpty()
                ? Optional.of(texts.get(index))
                : Optional.empty();
    }

    private StoreUri uri() throws BadField {
        var field = "store URI";
        var text = get(0).orElseThrow(() -> new BadField(field, "it is missing"));
        if (text.contains("-") && USUAL_SYSTEM.matcher(text).matches())
            throw new Shifted(field, "it is missing: '%s' is none".formatted(text), "a system");
        try {
            return StoreUri.parse(text);
        } catch (NixSyntaxException e) {
            throw new BadField(field, String.valueOf(e.getMessage()));
        }
    }

    private SortedSet<String> systems() throws BadField {
        var systems = names(1, "systems");
        for (var system : systems) {
            if (!isSystem(system))
                throw wrong("systems", system, "'%s' is no system such as x86_64-linux".formatted(system));
        }
        if (systems.isEmpty()) systems.add(defaults.system());
        return systems;
    }

    /// Words with a hyphen between them.
    private static boolean isSystem(String text) {
        int hyphens = 0;
        boolean inWord = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean hyphen = c == '-';
            if (hyphen ? !inWord : !(c < 0x80 && (Character.isLetterOrDigit(c) || c == '_' || c == '.'))) return false;
            if (hyphen) hyphens++;
            inWord = !hyphen;
        }
        return hyphens > 0 && inWord;
    }

    private static Optional<Path> keyFile(Optional<String> text) throws BadField {
        if (text.isEmpty()) return Optional.empty();
        var path = text.get();
        if (!path.contains("/")) throw wrong("ssh-key", path, "'%s' is no path with a / in it".formatted(path));
        try {
            return Optional.of(Path.of(path));
        } catch (InvalidPathException e) {
            throw new BadField("ssh-key", "'%s' is no path: %s".formatted(path, e.getReason()));
        }
    }

    private int maxJobs() throws BadField {
        var text = get(3);
        if (text.isEmpty()) return 1;
        if (!text.get().matches("\\d{1,9}"))
            throw wrong("max-jobs", text.get(), "'" + text.get() + "' is not a whole number of 0 or more");
        return Integer.parseInt(text.get());
    }

    private double speedFactor() throws BadField {
        var text = get(4);
        if (text.isEmpty()) return 1;
        if (!text.get().matches("\\d{1,9}(\\.\\d{0,9})?|\\.\\d{1,9}"))
            throw wrong("speed-factor", text.get(), "'" + text.get() + "' is not a number of 0 or more");
        double speed = Double.parseDouble(text.get());
        return speed == 0 ? 1 : speed;
    }

    private SortedSet<String> features(int index, String field) throws BadField {
        var features = names(index, field);
        for (var feature : features) {
            var looks = looksLike(feature);
            if (looks.isPresent()) throw new Shifted(field, "'%s' is no feature".formatted(feature), looks.get());
        }
        return features;
    }

    private SortedSet<String> names(int index, String field) throws BadField {
        var names = new TreeSet<String>();
        var text = get(index);
        if (text.isEmpty()) return names;
        for (var name : text.get().split(",")) {
            if (!name.isEmpty()) names.add(name);
        }
        if (names.isEmpty()) throw new BadField(field, "'" + text.get() + "' names none");
        return names;
    }

    /// Of the next column's features, a machine gets only builds that require them all.
    private void warnOfMandatory(SortedSet<String> supported, SortedSet<String> mandatory) {
        if (supported.isEmpty() || mandatory.isEmpty() || supported.containsAll(mandatory)) return;
        notes.warning(
                "mandatory features",
                "only builds that require %s go there; if it should take others too, divide the features by commas, not blanks: %s,%s"
                        .formatted(
                                String.join(" and ", mandatory),
                                String.join(",", supported),
                                String.join(",", mandatory)));
    }

    private static Optional<String> hostKeys(Optional<String> text) throws BadField {
        if (text.isEmpty()) return Optional.empty();
        try {
            return Optional.of(PublicHostKey.lines(PublicHostKey.ofEncodedLines(text.get())));
        } catch (NixSyntaxException e) {
            var hint = WORD.matcher(text.get()).matches()
                    ? "; if it is a feature, divide the features by commas, not blanks"
                    : "";
            throw new BadField("public-host-key", e.getMessage() + hint);
        }
    }
}
