package dispatcher.cli.otlp;

import dispatcher.cli.terminal.UserFacingException;
import dispatcher.secret.SecretFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Headers for a collector, from a file with a line `name: value` for each. Faults say nothing of what is in it.
final class OtlpHeaders {
    private static final int MOST_BYTES = 64 * 1024;
    private static final Pattern LINE = Pattern.compile("([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([!-~](?:[ -~]*[!-~])?)");

    /// Those that each request has by itself.
    private static final Set<String> OURS =
            Set.of("accept-encoding", "connection", "content-length", "content-type", "expect", "host", "upgrade");

    private OtlpHeaders() {}

    /// @throws UserFacingException if the file is none with headers, or no secret
    static Map<String, String> read(Path file) {
        try {
            var exposure = SecretFile.exposure("file of headers", file);
            if (exposure.isPresent())
                throw unusable(file, exposure.get().what(), exposure.get().nextStep());
            if (Files.size(file) > MOST_BYTES)
                throw unusable(file, "it is too large for a few headers", "correct the settings");
            return parse(file, Files.readAllLines(file));
        } catch (NoSuchFileException e) {
            throw unusable(
                    file,
                    "it does not exist",
                    "make it with mode 600 and a line `name: value` for each header, or correct the settings");
        } catch (AccessDeniedException e) {
            throw unusable(file, "it is not readable for us", SecretFile.lettingUsRead(file));
        } catch (IOException e) {
            throw unusable(
                    file,
                    String.valueOf(e.getMessage()),
                    "see that it is a regular file, readable for user %s".formatted(System.getProperty("user.name")));
        }
    }

    private static Map<String, String> parse(Path file, List<String> lines) {
        var headers = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
        for (int i = 0; i < lines.size(); i++) {
            var line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) continue;
            var header = LINE.matcher(line);
            if (!header.matches())
                throw unusable(file, "line %d is no `name: value`".formatted(i + 1), "write one header a line");
            var name = header.group(1);
            if (OURS.contains(name.toLowerCase(Locale.ROOT)))
                throw unusable(file, "line %d sets %s, which every request has".formatted(i + 1, name), "remove it");
            if (headers.put(name, header.group(2)) != null)
                throw unusable(file, "line %d sets %s again".formatted(i + 1, name), "remove one of them");
        }
        return headers;
    }

    private static UserFacingException unusable(Path file, String why, String next) {
        return new UserFacingException("cannot use otlp.headersFile " + file, why, next);
    }
}
