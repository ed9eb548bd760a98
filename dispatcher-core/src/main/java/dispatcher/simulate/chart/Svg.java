package dispatcher.simulate.chart;

import java.util.Locale;

/// An SVG document in the making. Confined to one thread.
final class Svg {
    private static final String STYLE = """
            text{font:12px sans-serif;fill:#24292e}.title{font-size:17px;font-weight:bold}\
            .head{font-size:13px;font-weight:bold}.machine{text-anchor:end}.tick{text-anchor:middle;font-size:10px;\
            fill:#57606a}.copy{opacity:.4}line{stroke:#9aa4ae;stroke-width:.5;stroke-dasharray:2 3}""";

    private final StringBuilder out = new StringBuilder();

    Svg(int width, int height) {
        out.append(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%1$d\" height=\"%2$d\" viewBox=\"0 0 %1$d %2$d\">\n"
                        .formatted(width, height));
        out.append("<style>").append(STYLE).append("</style>\n");
        out.append("<defs><pattern id=\"lost\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\""
                + " patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#f7d0cc\"/>"
                + "<rect width=\"3\" height=\"6\" fill=\"#c6362f\"/></pattern></defs>\n");
        out.append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    }

    void text(double x, double y, String style, String text) {
        out.append("<text x=\"").append(number(x)).append("\" y=\"").append(number(y));
        out.append("\" class=\"")
                .append(style)
                .append("\">")
                .append(escape(text))
                .append("</text>\n");
    }

    /// @param style a class; may be empty
    void box(double x, double y, double width, double height, String colour, String style) {
        openBox(x, y, width, height, colour, style);
        out.append("/>\n");
    }

    /// With a text that is shown where the mouse is.
    void box(double x, double y, double width, double height, String colour, String style, String title) {
        openBox(x, y, width, height, colour, style);
        out.append("><title>").append(escape(title)).append("</title></rect>\n");
    }

    private void openBox(double x, double y, double width, double height, String colour, String style) {
        out.append("<rect x=\"").append(number(x)).append("\" y=\"").append(number(y));
        out.append("\" width=\"").append(number(width)).append("\" height=\"").append(number(height));
        out.append("\" fill=\"").append(colour).append('"');
        if (!style.isEmpty()) out.append(" class=\"").append(style).append('"');
    }

    /// From top to bottom.
    void line(double x, double top, double bottom) {
        out.append("<line x1=\"%1$s\" x2=\"%1$s\" y1=\"%2$s\" y2=\"%3$s\"/>\n"
                .formatted(number(x), number(top), number(bottom)));
    }

    String document() {
        return out + "</svg>\n";
    }

    private static String number(double number) {
        return String.format(Locale.ROOT, "%.2f", number).replaceAll("\\.?0+$", "");
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
