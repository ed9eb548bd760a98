package dispatcher.cli.settings.document;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.file.SettingsTable;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsSchemaTest {
    private final SchemaRegistry registry = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    private final Schema schema = registry.getSchema(SettingsSchema.text(), InputFormat.JSON);

    private List<String> faults(String yaml) {
        return schema.validate(yaml, InputFormat.YAML).stream()
                .map(Object::toString)
                .toList();
    }

    @Test
    void isASchemaItself() {
        var draft = registry.getSchema(SchemaLocation.of("https://json-schema.org/draft/2020-12/schema"));

        assertThat(draft.validate(SettingsSchema.text(), InputFormat.JSON)).isEmpty();
    }

    @Test
    void takesTheExample() throws IOException {
        assertThat(faults(ReferenceTest.document("config/dispatcher.example.yaml")))
                .isEmpty();
    }

    @Test
    void takesWhatTheExampleShowsOfEachKey() {
        SettingsTable.TOP.groups().forEach(group -> {
            for (var key : group.keys()) {
                if (!key.example().isEmpty())
                    assertThat(faults(alone(group, key))).as(key.path()).isEmpty();
            }
        });
    }

    private static String alone(Group group, Key<?> key) {
        var line =
                "%s: %s".formatted(key.name(), key.example().lines().findFirst().orElseThrow());
        var text = line;
        // From the inside to the outside.
        for (var path = group.path(); !path.isEmpty(); path = path.substring(0, Math.max(path.lastIndexOf('.'), 0)))
            text = within(groupAt(path), key, text);
        return text;
    }

    private static Group groupAt(String path) {
        return SettingsTable.TOP
                .groups()
                .filter(group -> group.path().equals(path))
                .findFirst()
                .orElseThrow();
    }

    private static String within(Group group, Key<?> key, String text) {
        if (!group.isList()) return "%s: {%s}".formatted(group.name(), text);
        var required = group.keys().stream()
                .filter(other ->
                        other.preset() instanceof Key.Preset.Required<?> && other.isLive() && !other.equals(key))
                .map(other -> "%s: %s, ".formatted(other.name(), other.example()))
                .collect(Collectors.joining());
        return "%s: [{%s%s}]".formatted(group.name(), required, text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "timeouts: {nixReply: 1h30m}",
                "timeouts: {reply: 500ms}",
                "timeouts: {nixReply: }",
                "timeouts:",
                "uplink: 800 kB /s",
                "spool: {size: 1.5TiB}",
                "schedule: {stragglers: no, maxLoad: 1.5}",
                "machines: [{hostName: a, compress: yes, substitute: auto}]",
                "schedule: {stragglers: 2.5}",
                "trustedPublicKeys: []",
                "resources: [{builds: a, take: {memory: 1GiB, gpu: 2}}]",
                "clients: [{name: a, keys: [x], trusted: yes}]",
                "clients: [{name: a, keys: [x], trusted: false}]",
                "machines: [{hostName: a, protocol: null, system: null, systems: [x86_64-linux]}]",
                "machines: [{<<: {hostName: a}, name: b}]",
                "machines: [{hostName: a, onDemand: {systemd: {unit: a.service}, idleAfter: 5m}}]",
            })
    void takesWhatTheReaderTakes(String yaml) {
        assertThat(faults(yaml)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "timeout: {}",
                "timeouts: {nixRepl: 1m}",
                "timeouts: {nixReply: 10}",
                "timeouts: {nixReply: 1 minute}",
                "uplink: 20Mbit",
                "spool: 50GiB",
                "schedule: {stragglers: 1}",
                "schedule: {maxLoad: 0}",
                "maxAttempts: 0",
                "maxAttempts: 1001",
                "listen: {web: []}",
                "clients: [{keys: [x]}]",
                "clients: [{name: a, trusted: maybe}]",
                "machines: [{system: x86_64-linux}]",
                "machines: [{hostName: a, protocol: shs}]",
                "machines: {hostName: a}",
                "machines: [{hostName: a, onDemand: {idleAfter: 5}}]",
                "machines: [{hostName: a, onDemand: {systemd: {units: a}}}]",
                "resources: [{builds: a, take: {memory: 5, gpu: 1}}]",
            })
    void refusesWhatTheReaderRefusesToo(String yaml) {
        assertThat(faults(yaml)).isNotEmpty();
    }
}
