package dispatcher.it.browser;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/// Finds by axe-core what keeps people from using a page, with a keyboard, a screen reader, or eyes that need contrast.
public final class Axe {
    private static final String PROPERTIES = "META-INF/maven/org.webjars.npm/axe-core/pom.properties";

    /// Of a table that is longer the rows are alike, and looking at all takes minutes.
    private static final String EXCEPT = "tbody tr:nth-child(n+9)";

    private static final String RUN = """
            const except = document.querySelector(arguments[0]) ? {exclude: [[arguments[0]]]} : document;
            return axe.run(except, {resultTypes: ['violations']}).then(found => found.violations.map(it => ({
              impact: it.impact, rule: it.id, help: it.help,
              where: it.nodes.slice(0, 3).map(node => node.html.slice(0, 200) + ' — ' + node.failureSummary).join('\\n')
            })));
            """;

    private final String source;

    /// @param impact `minor`, `moderate`, `serious` or `critical`
    /// @param where  the first elements, and what is wrong with them
    public record Violation(String impact, String rule, String help, String where) {
        public boolean isSevere() {
            return impact.equals("serious") || impact.equals("critical");
        }
    }

    public Axe() {
        try {
            var properties = new Properties();
            try (var in = resource(PROPERTIES)) {
                properties.load(in);
            }
            try (var in = resource(
                    "META-INF/resources/webjars/axe-core/%s/axe.min.js".formatted(properties.getProperty("version")))) {
                this.source = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream resource(String name) {
        var in = Axe.class.getClassLoader().getResourceAsStream(name);
        if (in == null) throw new IllegalStateException("axe-core is not on the class path: " + name);
        return in;
    }

    /// What is wrong with the page as it is seen now; empty if nothing is.
    ///
    /// @param rules that are tried, such as `color-contrast`; none for all
    public List<Violation> look(Browser browser, String... rules) throws IOException, InterruptedException {
        if (browser.text("typeof window.axe").equals("undefined")) browser.script(source);
        var violations = new ArrayList<Violation>();
        for (var found : browser.script(RUN, EXCEPT, List.of(rules)))
            violations.add(new Violation(
                    found.path("impact").asText(),
                    found.path("rule").asText(),
                    found.path("help").asText(),
                    found.path("where").asText()));
        return violations;
    }
}
