package dispatcher.nix.json;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.ValueNode;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.TreeMap;

/// Makes numbers that keep their digits, and objects whose names are in the order of their bytes in UTF-8, which is
/// Nix's. Jackson sorts by the units of UTF-16 (`JsonTest.namesAreSortedByTheirBytes`). Immutable.
final class SortedNodes extends JsonNodeFactory {
    private static final long serialVersionUID = 1L;

    private static final int MAX_ZEROS = 40;

    private static final Comparator<String> BY_BYTES =
            (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

    SortedNodes() {
        super(true);
    }

    /// What has a large exponent becomes a double, which is printed with it: a few bytes would take hundreds otherwise.
    @Override
    public ValueNode numberNode(BigDecimal number) {
        return Math.abs(number.scale()) <= MAX_ZEROS ? super.numberNode(number) : numberNode(number.doubleValue());
    }

    @Override
    public ObjectNode objectNode() {
        return new ObjectNode(this, new TreeMap<>(BY_BYTES));
    }
}
