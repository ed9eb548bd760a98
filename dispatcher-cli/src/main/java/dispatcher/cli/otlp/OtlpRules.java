package dispatcher.cli.otlp;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/// Where traces of builds go.
///
/// @param collector   with or without the path for traces; without one no traces are made
/// @param headersFile what is sent along with each request
public record OtlpRules(Optional<URI> collector, Optional<Path> headersFile) {
    private static final String PATH = "/v1/traces";

    /// @throws IllegalArgumentException if it is no address of a collector; says nothing of what may be a secret in it
    public static URI collector(String text) {
        URI uri;
        try {
            uri = new URI(text.strip());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("is no URL; write e.g. http://127.0.0.1:4318");
        }
        var scheme = Optional.ofNullable(uri.getScheme()).orElse("").toLowerCase(Locale.ROOT);
        if (uri.getRawUserInfo() != null || uri.getRawQuery() != null || uri.getRawFragment() != null)
            throw new IllegalArgumentException(
                    "has a user or parameters; a secret belongs in a header, see otlp.headersFile");
        if (!(scheme.equals("http") || scheme.equals("https")) || uri.getHost() == null)
            throw new IllegalArgumentException("is no http:// or https:// URL; write e.g. http://127.0.0.1:4318");
        return uri;
    }

    /// Where traces are posted to, if they are made.
    Optional<String> endpoint() {
        return collector.map(OtlpRules::endpoint);
    }

    private static String endpoint(URI collector) {
        var base = collector.toString().replaceAll("/+$", "");
        return base.endsWith(PATH) ? base : base + PATH;
    }
}
