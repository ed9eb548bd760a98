package dispatcher.cli.web.build;

/// Reads a log as it was printed: text, ends of lines, and sequences that set colours (ECMA-48's "select graphic
/// rendition"). All else is text, also sequences that are broken or that would move a cursor; who shows it must escape
/// it. Lines may be of any length, as they come in pieces. Confined to one thread.
final class LogReader {
    /// Chars that come at once, and chars of a line after which another one begins.
    static final int LONGEST = 4096;

    private static final char ESCAPE = '\u001b';

    private final Sink sink;
    private final StringBuilder run = new StringBuilder();
    private LogStyle style = LogStyle.PLAIN;
    private int inLine;

    /// Hears what is in the log, in its order.
    interface Sink {
        /// @param text of one line, of at most [#LONGEST] chars
        void text(LogStyle style, String text);

        /// @param isEnd false: the line is so long that it goes on in the next one
        void line(boolean isEnd);
    }

    LogReader(Sink sink) {
        this.sink = sink;
    }

    /// @param text the next part of the log; ends with a line, or the log does
    void read(String text) {
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            int end = c == ESCAPE ? endOfColour(text, at) : at;
            if (end > at) {
                flush();
                style = style.after(text.substring(at + 2, end - 1));
                at = end;
            } else {
                add(c, text, at);
                at++;
            }
        }
        flush();
    }

    private void add(char c, String text, int at) {
        if (c == '\n') {
            flush();
            sink.line(true);
            inLine = 0;
            return;
        }
        if (c == '\r' && at + 1 < text.length() && text.charAt(at + 1) == '\n') return;
        if (inLine >= LONGEST && !Character.isLowSurrogate(c)) {
            flush();
            sink.line(false);
            inLine = 0;
        }
        run.append(c);
        inLine++;
    }

    /// What has come without an end of its line is a line too.
    void end() {
        if (inLine > 0) sink.line(true);
        inLine = 0;
    }

    private void flush() {
        if (run.isEmpty()) return;
        sink.text(style, run.toString());
        run.setLength(0);
    }

    /// Where the sequence that begins at `at` ends; `at` itself if it sets no colours.
    private static int endOfColour(String text, int at) {
        if (at + 1 >= text.length() || text.charAt(at + 1) != '[') return at;
        int end = at + 2;
        while (end < text.length() && "0123456789;:".indexOf(text.charAt(end)) >= 0) end++;
        return end < text.length() && text.charAt(end) == 'm' ? end + 1 : at;
    }
}
