package dispatcher.cli.settings.file;

import dispatcher.cli.otlp.OtlpRules;
import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Section;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.Types;
import java.net.URI;
import java.nio.file.Path;

/// Where traces of builds go, in the table of settings.
final class OtlpKeys {
    static final Key<URI> COLLECTOR = Key.of(
                    "otlp.collector", Types.text("http:// or https:// URL", OtlpRules::collector))
            .presetIs("none; no traces are made")
            .example("http://127.0.0.1:4318")
            .counts(Effect.RESTART, it -> it.otlp().collector())
            .help("""
                    What takes OTLP over HTTP as protobuf, such as Jaeger, Tempo or the OpenTelemetry Collector. To a
                    URL without `/v1/traces` that is added.""");
    static final Key<Path> HEADERS_FILE = Key.of("otlp.headersFile", Types.path())
            .presetIs("none")
            .example("/etc/dispatcher/otlp-headers")
            .counts(Effect.RESTART, it -> it.otlp().headersFile())
            .help("""
                    Headers of each request, such as one with the key of an account: a line `name: value` for each. For
                    this file holds what `sshKey` of machines says.""");
    static final Group OTLP = Group.of("otlp", """
            A trace of each build for a collector: what it waited for, its attempts, and what was copied. No build waits
            for it.""", COLLECTOR, HEADERS_FILE);

    private OtlpKeys() {}

    static OtlpRules read(Section section) {
        return new OtlpRules(section.get(COLLECTOR), section.get(HEADERS_FILE));
    }
}
