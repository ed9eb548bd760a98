package dispatcher.build.request;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.StorePath;
import dispatcher.store.Locations;
import dispatcher.store.PathSizes;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LargestInputsTest {
    private final PathSizes sizes = new PathSizes();
    private final Locations locations = new Locations();

    private static StorePath path(int number) {
        return StorePath.of("%032d".formatted(number), "input-" + number);
    }

    /// Path `i` has `i` bytes.
    private List<StorePath> inputs(int count) {
        var paths = IntStream.rangeClosed(1, count)
                .mapToObj(LargestInputsTest::path)
                .toList();
        for (int i = 0; i < count; i++) sizes.add(paths.get(i), i + 1);
        return paths;
    }

    @Test
    void inputsOfUnknownSizeCountNothing() {
        sizes.add(path(1), 5);
        var inputs = LargestInputs.of(List.of(path(1), path(2)), sizes);
        locations.add(List.of(path(1), path(2)), "m");
        assertThat(inputs.located(locations).bytes()).isEqualTo(5);
        assertThat(inputs.located(locations).missingOn("m")).isZero();
    }

    @Test
    void allCountForTheBytesAndTheLargestForWhereTheyAre() {
        var paths = inputs(1000);
        locations.add(paths, "m");
        var located = LargestInputs.of(paths, sizes).located(locations);
        assertThat(located.bytes()).isEqualTo(500_500);
        assertThat(located.present()).containsExactlyEntriesOf(Map.of("m", sum(1000 - 63, 1000)));
    }

    @Test
    void whatHasComeToAMachineMeanwhileIsFoundThere() {
        var inputs = LargestInputs.of(inputs(3), sizes);
        assertThat(inputs.located(locations).present()).isEmpty();
        locations.add(List.of(path(3)), "m");
        assertThat(inputs.located(locations).missingOn("m")).isEqualTo(1 + 2);
        locations.remove(List.of(path(3)), "m");
        assertThat(inputs.located(locations).present()).isEmpty();
    }

    @Test
    void onlyMachinesThatHoldMostAreTold() {
        var inputs = LargestInputs.of(inputs(6), sizes);
        for (int i = 1; i <= 6; i++) locations.add(List.of(path(i)), "m" + i);
        assertThat(inputs.located(locations).present()).containsOnlyKeys("m3", "m4", "m5", "m6");
    }

    private static long sum(int first, int last) {
        return IntStream.rangeClosed(first, last).asLongStream().sum();
    }
}
