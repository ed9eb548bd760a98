package dispatcher.build.request;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.build.request.ResourceRules.Rule;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StorePath;
import dispatcher.testkit.FakeStore;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ResourceRulesTest {
    private static final StorePath CHROMIUM = FakeStore.path("chromium-143.drv");

    private final ResourceRules rules = new ResourceRules(List.of(
            new Rule.Named("chromium-*", new TreeMap<>(Map.of("memory", 16L, "licence", 1L))),
            new Rule.Named("*-143", new TreeMap<>(Map.of("memory", 8L))),
            new Rule.Attribute("gpus", "gpu")));

    private static BasicDerivation derivation(String... environment) {
        var variables = new TreeMap<ByteString, ByteString>();
        for (int i = 0; i < environment.length; i += 2)
            variables.put(ByteString.of(environment[i]), ByteString.of(environment[i + 1]));
        return new BasicDerivation(
                new TreeMap<>(Map.of("out", new DerivationOutput.Deferred())),
                Set.of(),
                "x86_64-linux",
                ByteString.of("/bin/sh"),
                List.of(),
                variables);
    }

    @Test
    void ofSeveralThatFitTheLargestAmountCounts() {
        assertThat(rules.of(CHROMIUM, derivation())).isEqualTo(Map.of("memory", 16L, "licence", 1L));
    }

    @Test
    void nameMustFitAsAWhole() {
        assertThat(rules.of(FakeStore.path("my-chromium-1.drv"), derivation())).isEmpty();
        assertThat(rules.of(FakeStore.path("tool-143.drv"), derivation())).isEqualTo(Map.of("memory", 8L));
    }

    @Test
    void attributeTellsTheAmount() {
        var tool = FakeStore.path("tool.drv");
        assertThat(rules.of(tool, derivation("gpus", "2"))).isEqualTo(Map.of("gpu", 2L));
        assertThat(rules.of(tool, derivation("__json", "{\"gpus\": 3}"))).isEqualTo(Map.of("gpu", 3L));
        assertThat(rules.of(tool, derivation("gpus", "two"))).isEmpty();
    }
}
