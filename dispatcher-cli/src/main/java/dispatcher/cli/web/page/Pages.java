package dispatcher.cli.web.page;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// All pages, by their paths. Safe for any thread.
public final class Pages {
    private final List<Page> pages;
    private final Answers answers;

    public Pages(List<Page> pages, Answers answers) {
        this.pages = List.copyOf(pages);
        this.answers = answers;
    }

    /// A page and the request that it is asked with.
    public record Found(Page page, PageRequest request) {
        public Found without(String parameter) {
            return new Found(page, request.without(parameter));
        }

        public Content content() throws IOException, InterruptedException {
            return page.content(request);
        }
    }

    /// @param target path and query, encoded
    public Optional<Found> find(String target, Visitor visitor) {
        int end = target.indexOf('?');
        var path = end < 0 ? target : target.substring(0, end);
        var query = new TreeMap<String, String>();
        if (end >= 0) read(target.substring(end + 1), query);
        for (var page : pages) {
            var inPath = parameters(page.path(), path);
            if (inPath.isPresent())
                return Optional.of(new Found(page, new PageRequest(path, inPath.get(), query, visitor, answers)));
        }
        return Optional.empty();
    }

    /// Reads parameters as forms and addresses have them.
    public static void read(String encoded, Map<String, String> parameters) {
        for (var pair : encoded.split("&", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0)
                parameters.putIfAbsent(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
        }
    }

    private static Optional<Map<String, String>> parameters(String pattern, String path) {
        var ours = pattern.split("/", -1);
        var theirs = path.split("/", -1);
        if (ours.length != theirs.length) return Optional.empty();
        var parameters = new HashMap<String, String>();
        for (int i = 0; i < ours.length; i++) {
            boolean isParameter = ours[i].startsWith("{");
            if (isParameter && !theirs[i].isEmpty())
                parameters.put(ours[i].substring(1, ours[i].length() - 1), decode(theirs[i].replace("+", "%2B")));
            else if (isParameter || !ours[i].equals(theirs[i])) return Optional.empty();
        }
        return Optional.of(parameters);
    }

    /// @throws IllegalArgumentException if it is not encoded as it should be
    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
