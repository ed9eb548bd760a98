package dispatcher.cli.web.page;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// A request for a page. All state of a page is in it, so that a link to it shows the same to others. Immutable.
///
/// @param path   as asked for
/// @param inPath parameters of the path
/// @param query  its parameters, of a name that is there twice, the first value
public record PageRequest(
        String path, Map<String, String> inPath, SortedMap<String, String> query, Visitor visitor, Answers answers) {
    public PageRequest {
        inPath = Map.copyOf(inPath);
        query = new TreeMap<>(query);
    }

    /// What `GET` of an API path answers.
    public <T> T ask(Class<T> type, String apiPath, Map<String, String> parameters)
            throws IOException, InterruptedException {
        return answers.get(type, apiPath, parameters);
    }

    /// A parameter of the query that says something.
    public Optional<String> parameter(String name) {
        return Optional.ofNullable(query.get(name)).filter(text -> !text.isBlank());
    }

    /// A number in the query.
    ///
    /// @throws IllegalArgumentException if it is none from 0 to `most`
    public int number(String name, int otherwise, int most) {
        var text = parameter(name);
        if (text.isEmpty()) return otherwise;
        if (text.get().matches("\\d{1,9}") && Integer.parseInt(text.get()) <= most) return Integer.parseInt(text.get());
        throw new IllegalArgumentException(
                "the parameter '%s' is not from 0 to %d: %s".formatted(name, most, text.get()));
    }

    /// A link to this page with another value of one parameter.
    public String with(String name, String value) {
        var changed = new TreeMap<>(query);
        changed.put(name, value);
        return link(path, changed);
    }

    /// The same request without one parameter.
    public PageRequest without(String name) {
        var rest = new TreeMap<>(query);
        rest.remove(name);
        return new PageRequest(path, inPath, rest, visitor, answers);
    }

    /// A link to this page as it is.
    public String here() {
        return link(path, query);
    }

    /// A link with parameters.
    ///
    /// @param path encoded
    public static String link(String path, Map<String, String> query) {
        if (query.isEmpty()) return path;
        return new TreeMap<>(query)
                .entrySet().stream()
                        .map(entry -> encode(entry.getKey()) + "=" + encode(entry.getValue()))
                        .collect(Collectors.joining("&", path + "?", ""));
    }

    /// A text as a part of a path or a query.
    public static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
