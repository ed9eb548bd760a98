package dispatcher.cli.serve;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Calls back for each signal that comes. The JVM itself only handles the first that ends it, so shutdown hooks
/// do not see a second Ctrl-C.
///
/// By reflection, as `sun.misc.Signal` is supported and yet no API that javac lets pass without a warning.
final class Signals {
    private static final Logger log = LoggerFactory.getLogger(Signals.class);

    private Signals() {}

    /// @param action called with the signal's name, on a thread of its own
    /// @param names  such as `TERM`
    /// @return false if this JVM leaves no such signals to us; then its shutdown hooks are all there is
    static boolean handle(Consumer<String> action, String... names) {
        try {
            var signal = Class.forName("sun.misc.Signal");
            var handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler received = (_, _, arguments) -> {
                action.accept(String.valueOf(arguments[0]));
                return null;
            };
            var proxy = Proxy.newProxyInstance(Signals.class.getClassLoader(), new Class<?>[] {handler}, received);
            var handle = signal.getMethod("handle", signal, handler);
            for (var name : names)
                handle.invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
            return true;
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            log.atWarn()
                    .addKeyValue("signals", String.join(",", names))
                    .addKeyValue("why", e.toString())
                    .log("signals cannot be handled; stopping may not wait for builds");
            return false;
        }
    }
}
