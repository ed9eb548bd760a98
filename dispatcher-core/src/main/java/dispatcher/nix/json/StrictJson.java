package dispatcher.nix.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;

/// What every mapper reads and writes with, and what streams of tokens do. Apart from [Json], since a program that only
/// streams need not load the tree model.
public final class StrictJson {
    /// Objects and arrays inside each other; no attribute set has more.
    static final int MAX_DEPTH = 512;

    static final int MAX_DIGITS = 1000;

    private StrictJson() {}

    /// @param longest text or name, in chars; what was bounded as a whole when it arrived needs no such limit
    public static JsonFactory factory(int longest) {
        return new JsonFactoryBuilder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(MAX_DEPTH)
                        .maxNumberLength(MAX_DIGITS)
                        .maxStringLength(longest)
                        .maxNameLength(longest)
                        .build())
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .disable(JsonFactory.Feature.FAIL_ON_SYMBOL_HASH_OVERFLOW)
                .disable(JsonFactory.Feature.CHARSET_DETECTION)
                .disable(JsonWriteFeature.WRITE_HEX_UPPER_CASE)
                .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
                .build();
    }
}
