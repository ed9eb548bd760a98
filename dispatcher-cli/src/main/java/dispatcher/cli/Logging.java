package dispatcher.cli;

import dispatcher.cli.systemd.JournalStream;
import java.util.Map;
import org.slf4j.LoggerFactory;

/// Chooses what is logged and how, before the first logger is made: by system properties that log4j and its
/// configuration (`log4j2.xml`, `log4j2-journal.xml`, `log4j2-json.xml`) look at. Log lines go to standard error.
final class Logging {
    private static final String FILE = "log4j2.configurationFile";
    private static final String LEVEL = "dispatcher.log.level";

    /// One configuration for the whole program. By default log4j looks for one of the caller's own each time
    /// that a logger is asked for, up the whole stack, and the SSH library asks for several with each packet.
    private static final String SELECTOR = "log4j2.contextSelector";

    private static final String EVENTS = "Log4jLogEventFactory";

    private Logging() {}

    /// `DISPATCHER_LOG_FORMAT` is `text` (the default) or `json`, `DISPATCHER_LOG_LEVEL` a level's name. Text for
    /// systemd's journal begins with the priority of each line, in the place of time and level. What is set as a
    /// system property already stays.
    static void configure(boolean debug, Map<String, String> environment) {
        var json = environment.getOrDefault("DISPATCHER_LOG_FORMAT", "text").equalsIgnoreCase("json");
        setIfAbsent(SELECTOR, "org.apache.logging.log4j.core.selector.BasicContextSelector");
        setIfAbsent(EVENTS, "dispatcher.cli.PrintableLogEvents");
        setIfAbsent(FILE, json ? "log4j2-json.xml" : textFor(environment));
        setIfAbsent(LEVEL, debug ? "debug" : environment.getOrDefault("DISPATCHER_LOG_LEVEL", "info"));
    }

    private static String textFor(Map<String, String> environment) {
        return JournalStream.isStandardError(environment) ? "log4j2-journal.xml" : "log4j2.xml";
    }

    /// Makes the first logger, which takes a while, beside what else a start has to do.
    static void prepare() {
        Thread.ofPlatform().daemon().name("prepare logging").start(() -> LoggerFactory.getLogger("dispatcher"));
    }

    private static void setIfAbsent(String property, String value) {
        if (System.getProperty(property) == null) System.setProperty(property, value);
    }
}
