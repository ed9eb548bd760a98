package dispatcher.cli.otlp;

import dispatcher.cli.secret.SecretSetting;
import dispatcher.cli.terminal.UserFacingException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Headers for a collector, from a file with a line `name: value` for each. Faults say nothing of what is in it.
final class OtlpHeaders {
    private static final Pattern LINE = Pattern.compile("([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([!-~](?:[ -~]*[!-~])?)");

    /// Those that each request has by itself.
    private static final Set<String> OURS =
            Set.of("accept-encoding", "connection", "content-length", "content-type", "expect", "host", "upgrade");

    private OtlpHeaders() {}

    /// @throws UserFacingException if the file is none with headers, or no secret
    static Map<String, String> read(Path file) {
        var setting = new SecretSetting(
                "use otlp.headersFile",
                "file of headers",
                file,
                "make it with mode 600 and a line `name: value` for each header");
        return parse(setting, setting.text().lines().map(String::strip).toList());
    }

    private static Map<String, String> parse(SecretSetting setting, List<String> lines) {
        var headers = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
        for (int i = 0; i < lines.size(); i++) {
            var line = lines.get(i);
            if (line.isEmpty() || line.startsWith("#")) continue;
            var header = LINE.matcher(line);
            if (!header.matches())
                throw setting.unusable("line %d is no `name: value`".formatted(i + 1), "write one header a line");
            var name = header.group(1);
            if (OURS.contains(name.toLowerCase(Locale.ROOT)))
                throw setting.unusable("line %d sets %s, which every request has".formatted(i + 1, name), "remove it");
            if (headers.put(name, header.group(2)) != null)
                throw setting.unusable("line %d sets %s again".formatted(i + 1, name), "remove one of them");
        }
        return headers;
    }
}
