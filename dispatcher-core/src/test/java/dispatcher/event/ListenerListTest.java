package dispatcher.event;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.BuildStatus;
import dispatcher.testkit.Samples;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ListenerListTest {
    private record Call(String listener, Method event, List<?> arguments) {}

    private final List<Call> calls = new ArrayList<>();

    private DispatcherListener recorder(String name) {
        return (DispatcherListener) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {DispatcherListener.class}, (_, event, arguments) -> {
                    calls.add(new Call(name, event, Arrays.asList(arguments)));
                    return null;
                });
    }

    /// Also those that are added one day.
    @Test
    void eachListenerIsToldEveryEventWithAllThatBelongsToIt() throws Exception {
        var list = new ListenerList(recorder("one"), recorder("two"));
        for (var event : DispatcherListener.class.getMethods()) {
            var arguments = Arrays.stream(event.getParameterTypes())
                    .map(ListenerListTest::some)
                    .toArray();
            calls.clear();
            event.invoke(list, arguments);
            assertThat(calls)
                    .as(event.getName())
                    .containsExactly(
                            new Call("one", event, Arrays.asList(arguments)),
                            new Call("two", event, Arrays.asList(arguments)));
        }
    }

    private static Object some(Class<?> type) {
        if (type == long.class) return System.nanoTime();
        if (type == int.class) return (int) System.nanoTime();
        if (type == String.class) return "text " + System.nanoTime();
        if (type == Duration.class) return Duration.ofNanos(System.nanoTime());
        return Stream.of(Samples.DERIVATION, Samples.DRV, BuildStatus.BUILT, Map.of(), new TreeSet<>(List.of("a")))
                .filter(type::isInstance)
                .findFirst()
                .orElseThrow();
    }
}
