package dispatcher.cli.machines;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.machine.Pressure;
import dispatcher.machine.Pressure.Room;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MachineKnowledgeTest {
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");

    private static MachineAnswer machine(String state) {
        return ApiJson.read("""
                {"name":"a","address":"x","state":"STATE","slots":1,"slotsTaken":0,
                "running":[],"speed":{"configured":1,"measured":1},"bandwidth":1,"bandwidthMeasured":false,
                "systems":[],"supportedFeatures":[],"mandatoryFeatures":[],
                "refuses":[],"resources":{}}""".replace("STATE", state).getBytes(StandardCharsets.UTF_8), MachineAnswer.class);
    }

    @Test
    void whatWasMeasuredIsToldAsItWas() {
        var pressure = new Pressure(
                NOW,
                3.14159,
                8,
                new Room(12, 64),
                OptionalDouble.of(0.25),
                OptionalDouble.empty(),
                new Room(100, 500),
                new Room(7, 50),
                Optional.empty(),
                Optional.empty(),
                OptionalLong.empty(),
                0);
        var known = new MachineKnowledge(
                _ -> Optional.empty(), name -> Optional.of(pressure).filter(_ -> name.equals("a")));

        var measured = known.with(machine("ready")).measured().orElseThrow();

        assertThat(measured)
                .isEqualTo(new MachineAnswer.Measured(
                        NOW,
                        new BigDecimal("3.142"),
                        8,
                        new MachineAnswer.Room(12, 64),
                        new MachineAnswer.Room(100, 500),
                        new MachineAnswer.Room(7, 50),
                        Optional.of(new BigDecimal("0.25")),
                        Optional.empty()));
        assertThat(new String(ApiJson.print(known.with(machine("ready"))), StandardCharsets.UTF_8))
                .contains("\"memory\":{\"free\":12,\"of\":64}")
                .doesNotContain("memoryStalled", "triedAgain");
    }

    @ParameterizedTest
    @CsvSource({"set-aside, true", "undescribed, true", "ready, false", "drained, false", "on-trial, false"})
    void whenItIsTriedAgainIsToldOfMachinesThatAre(String state, boolean isTold) {
        var known = new MachineKnowledge(_ -> Optional.of(NOW), _ -> Optional.empty());

        assertThat(known.with(machine(state)).triedAgain())
                .isEqualTo(Optional.of(NOW).filter(_ -> isTold));
    }
}
