package dispatcher.cli;

import dispatcher.text.Printable;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.Marker;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.config.Property;
import org.apache.logging.log4j.core.impl.DefaultLogEventFactory;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.core.impl.LogEventFactory;
import org.apache.logging.log4j.message.Message;
import org.apache.logging.log4j.message.SimpleMessage;
import org.apache.logging.log4j.util.ReadOnlyStringMap;
import org.apache.logging.log4j.util.SortedArrayStringMap;
import org.apache.logging.log4j.util.StringMap;
import org.jspecify.annotations.Nullable;

/// Makes the events of the log, so that nothing in one looks like another event, or acts upon the terminal that
/// shows it, wherever the text comes from: messages, values and what exceptions say become [Printable] lines. It
/// is the one way into the log, for libraries too, and for all formats.
///
/// Log4j makes one by its name, see [Logging]. Safe for any thread.
public final class PrintableLogEvents implements LogEventFactory {
    private static final int LONGEST = 8192;

    private final LogEventFactory events = new DefaultLogEventFactory();

    @Override
    public LogEvent createEvent(
            String logger,
            @Nullable Marker marker,
            String caller,
            Level level,
            Message message,
            List<Property> properties,
            @Nullable Throwable thrown) {
        return printable(events.createEvent(logger, marker, caller, level, message, properties, thrown));
    }

    @Override
    public LogEvent createEvent(
            String logger,
            @Nullable Marker marker,
            String caller,
            @Nullable StackTraceElement location,
            Level level,
            Message message,
            List<Property> properties,
            @Nullable Throwable thrown) {
        return printable(events.createEvent(logger, marker, caller, location, level, message, properties, thrown));
    }

    private static LogEvent printable(LogEvent event) {
        var message = event.getMessage().getFormattedMessage();
        var shown = Printable.line(message, LONGEST);
        var data = changed(event.getContextData());
        var thrown = Optional.ofNullable(event.getThrown()).flatMap(PrintableThrowable::changed);
        if (shown.equals(message) && data.isEmpty() && thrown.isEmpty()) return event;
        var changed = new Log4jLogEvent.Builder(event);
        if (!shown.equals(message)) changed.setMessage(new SimpleMessage(shown));
        data.ifPresent(changed::setContextData);
        thrown.ifPresent(changed::setThrown);
        return changed.build();
    }

    /// Empty if nothing in it needs a change.
    private static Optional<StringMap> changed(ReadOnlyStringMap data) {
        var shown = new SortedArrayStringMap();
        var odd = new AtomicBoolean();
        data.<Object>forEach((key, value) -> {
            var text = String.valueOf(value);
            var line = Printable.line(text, LONGEST);
            if (!line.equals(text)) odd.set(true);
            shown.putValue(key, line);
        });
        return odd.get() ? Optional.of(shown) : Optional.empty();
    }
}
