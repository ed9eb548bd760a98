package dispatcher.cli.state;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.state.database.Statements;
import dispatcher.machine.MachineDescription;
import dispatcher.machine.registry.DescriptionStore.Known;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SqlDescriptionsTest extends StateDatabaseFixture {
    private static final Known NOTHING =
            new Known("ssh://nix@a:22", Instant.ofEpochSecond(7), MachineDescription.NOTHING);
    private static final Known ALL = new Known(
            "ssh-ng://nix@a:22",
            Instant.ofEpochSecond(1_700_000_000),
            new MachineDescription(
                    Optional.of(new TreeSet<>(List.of("aarch64-linux", "armv7l-linux"))),
                    Optional.of(new TreeSet<>(List.of("kvm"))),
                    Optional.of(new TreeSet<>()),
                    OptionalInt.of(0),
                    OptionalInt.of(64),
                    OptionalLong.of(1L << 40),
                    OptionalLong.of(1L << 41),
                    OptionalLong.of(5),
                    Optional.of("2.31.1"),
                    Optional.of("/nix/store"),
                    Optional.of(false)));

    @Test
    void aRestartForgetsNothing() throws IOException {
        state.descriptions().save("a", ALL);
        state.descriptions().save("b", NOTHING);

        restart();

        assertThat(state.descriptions().load())
                .containsOnlyKeys("a", "b")
                .containsEntry("a", ALL)
                .containsEntry("b", NOTHING);
    }

    @Test
    void theLatestTakesThePlaceOfTheOneBefore() throws IOException {
        state.descriptions().save("a", ALL);
        state.descriptions().save("a", NOTHING);

        assertThat(state.descriptions().load()).containsOnlyKeys("a").containsEntry("a", NOTHING);
    }

    @Test
    void machinesThatAreGoneAreForgotten() throws IOException {
        state.descriptions().save("a", ALL);
        state.descriptions().save("b", ALL);

        state.descriptions().keepOnly(Set.of("b", "c"));

        restart();
        assertThat(state.descriptions().load()).containsOnlyKeys("b");
    }

    @Test
    void aRowThatCannotBeUnderstoodIsLeftOut() throws IOException {
        state.descriptions().save("a", ALL);
        state.descriptions().save("b", ALL);
        state.change(connection ->
                Statements.run(connection, "UPDATE machine_description SET systems = 'x' WHERE name = 'a'"));

        assertThat(state.descriptions().load()).containsOnlyKeys("b");
    }
}
