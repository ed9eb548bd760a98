package dispatcher.cli.web.page;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// A file that pages load from this server: a script, a style, or the icon. It comes from the class path.
///
/// @param name     in its path, such as `page.css`
/// @param resource on the class path, without a leading slash
public record Asset(String name, String resource) {
    public static final String PATH = "/assets/";
    private static final int LENGTH_OF_MARK = 12;

    public enum Kind {
        STYLE("text/css; charset=utf-8"),
        SCRIPT("text/javascript; charset=utf-8"),
        ICON("image/svg+xml");

        private final String contentType;

        Kind(String contentType) {
            this.contentType = contentType;
        }

        public String contentType() {
            return contentType;
        }
    }

    public Kind kind() {
        if (name.endsWith(".css")) return Kind.STYLE;
        return name.endsWith(".js") ? Kind.SCRIPT : Kind.ICON;
    }

    public byte[] read() {
        try (var in = Asset.class.getClassLoader().getResourceAsStream(resource)) {
            if (in == null) throw new IllegalStateException("the program has no " + resource);
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Where browsers get it. A different content has a different one, so that it may be kept for ever.
    public String link() {
        try {
            var mark = MessageDigest.getInstance("SHA-256").digest(read());
            return "%s%s?v=%s"
                    .formatted(PATH, name, HexFormat.of().formatHex(mark).substring(0, LENGTH_OF_MARK));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
