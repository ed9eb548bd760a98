package dispatcher.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a dispatcher loads that sends no traces: it should start no later for a library that it does not use.
@Tag("slow")
class NoTracesTest {
    @TempDir
    private Path directory;

    /// All classes of the program anew, and those of its libraries.
    private static final class Classes extends URLClassLoader {
        private final Set<String> loaded = ConcurrentHashMap.newKeySet();

        Classes() throws MalformedURLException {
            super(classPath(), ClassLoader.getPlatformClassLoader());
        }

        private static URL[] classPath() throws MalformedURLException {
            var urls = new ArrayList<URL>();
            for (var entry : System.getProperty("java.class.path").split(Pattern.quote(File.pathSeparator)))
                urls.add(Path.of(entry).toUri().toURL());
            return urls.toArray(URL[]::new);
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            loaded.add(name);
            return super.findClass(name);
        }

        private List<String> loaded(Predicate<String> which) {
            return loaded.stream().filter(which).toList();
        }
    }

    private void startAndStop(Classes classes, String otlp) throws Exception {
        var config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                hostStore: off
                machines: [{hostName: a, system: x86_64-linux}]
                """ + otlp);
        var surroundings = classes.loadClass("dispatcher.cli.settings.file.Surroundings");
        var settings = classes.loadClass("dispatcher.cli.settings.file.SettingsFile")
                .getMethod("load", Path.class, surroundings)
                .invoke(null, config, surroundings.getMethod("ofProcess").invoke(null));
        var server = classes.loadClass("dispatcher.cli.serve.Server");
        ((AutoCloseable)
                        server.getConstructor(settings.getClass(), String.class).newInstance(settings, "1.2.3"))
                .close();
    }

    @Test
    void nothingOfOpenTelemetryIsLoadedWithoutACollector() throws Exception {
        try (var classes = new Classes()) {
            startAndStop(classes, "");
            assertThat(classes.loaded("dispatcher.cli.serve.Server"::equals)).hasSize(1);
            assertThat(classes.loaded(name -> name.startsWith("io.opentelemetry.")))
                    .isEmpty();

            startAndStop(classes, "otlp: {collector: \"http://127.0.0.1:9\"}\n");
            assertThat(classes.loaded("dispatcher.cli.otlp.BuildTraces"::equals))
                    .hasSize(1);
        }
    }
}
