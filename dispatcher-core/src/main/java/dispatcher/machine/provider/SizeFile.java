package dispatcher.machine.provider;

import dispatcher.machine.MachineSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Which size somebody gave a machine instead of that of the settings. It counts until the settings have another size
/// than they had then.
///
/// The file has two lines, each `cores memory disk` with `-` for what is not said: that of the settings, and the other.
public record SizeFile(Path path) {
    private static final Pattern LINE = Pattern.compile("(-|\\d{1,7}(?:\\.\\d{1,9})?) (-|\\d{1,18}) (-|\\d{1,18})");

    /// The size that the machine has from its next start on.
    ///
    /// @param ofSettings what the settings say
    public MachineSize read(MachineSize ofSettings) throws IOException {
        if (!Files.isRegularFile(path)) return ofSettings;
        var sizes = new ArrayList<MachineSize>();
        for (var line : Files.readAllLines(path)) parse(line).ifPresent(sizes::add);
        boolean counts = sizes.size() == 2 && sizes.getFirst().equals(ofSettings);
        return counts ? sizes.getLast().or(ofSettings) : ofSettings;
    }

    /// @param size as far as it differs from that of the settings
    public void write(MachineSize ofSettings, MachineSize size) throws IOException {
        Files.createDirectories(path.resolveSibling(""));
        var next = path.resolveSibling("size.new");
        Files.write(next, List.of(line(ofSettings), line(size)));
        Files.move(next, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private static String line(MachineSize size) {
        return "%s %s %s".formatted(word(size.cores()), word(size.memory()), word(size.disk()));
    }

    private static String word(Optional<?> value) {
        return value.map(Object::toString).orElse("-");
    }

    private static Optional<MachineSize> parse(String line) {
        var matcher = LINE.matcher(line.strip());
        if (!matcher.matches()) return Optional.empty();
        try {
            return Optional.of(new MachineSize(
                    value(matcher.group(1)).map(Double::valueOf),
                    value(matcher.group(2)).map(Long::valueOf),
                    value(matcher.group(3)).map(Long::valueOf)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<String> value(String word) {
        return word.equals("-") ? Optional.empty() : Optional.of(word);
    }
}
