package dispatcher.cli.serve;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells of SIGTERM and SIGINT, each time they come. The JVM itself only knows of the first: shutdown hooks do not see
/// that
/// somebody becomes impatient.
///
/// By reflection, as `sun.misc.Signal` is supported and yet no API that javac lets pass without a warning.
final class StopSignals {
    private static final Logger log = LoggerFactory.getLogger(StopSignals.class);

    private StopSignals() {}

    /// @param action called with the signal's name, on a thread of its own
    /// @return false if this JVM leaves no signals to us; then its shutdown hooks are all there is
    static boolean handle(Consumer<String> action) {
        try {
            var signal = Class.forName("sun.misc.Signal");
            var handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler told = (_, _, arguments) -> {
                action.accept(String.valueOf(arguments[0]));
                return null;
            };
            var proxy = Proxy.newProxyInstance(StopSignals.class.getClassLoader(), new Class<?>[] {handler}, told);
            var handle = signal.getMethod("handle", signal, handler);
            for (var name : new String[] {"TERM", "INT"})
                handle.invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
            return true;
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            log.atWarn().log("signals cannot be handled, so stopping does not wait for builds: {}", e.toString());
            return false;
        }
    }
}
