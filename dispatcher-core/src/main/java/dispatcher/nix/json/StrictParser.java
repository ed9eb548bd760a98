package dispatcher.nix.json;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Refuses what Jackson lets pass and Nix does not: halves of characters in strings
/// (`JsonTest.Refuses.stringsThatAreNone`), and numbers beyond all doubles (`JsonTest.Refuses.numbersThatAreNone`).
/// Confined to one thread.
final class StrictParser extends JsonParserDelegate {
    StrictParser(JsonParser parser) {
        super(parser);
    }

    @Override
    public @Nullable JsonToken nextToken() throws IOException {
        var token = super.nextToken();
        if (token == JsonToken.FIELD_NAME || token == JsonToken.VALUE_STRING) {
            if (getText().codePoints().anyMatch(point -> Character.getType(point) == Character.SURROGATE))
                throw new JsonParseException(this, "half of a character", currentTokenLocation());
        } else if (token == JsonToken.VALUE_NUMBER_FLOAT && !isFinite())
            throw new JsonParseException(this, "a number with too large an exponent", currentTokenLocation());
        return token;
    }

    private boolean isFinite() throws IOException {
        try {
            return Double.isFinite(getDecimalValue().doubleValue());
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
