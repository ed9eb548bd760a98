package dispatcher.cli.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import dispatcher.nix.json.Json;
import dispatcher.nix.json.StrictJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.stream.Collectors;

/// The API's JSON: how its records are printed and read.
///
/// Members are sorted by name. Times are as in RFC 3339. Numbers stay as they are, with their zeros. An
/// `Optional` that is empty is left out, and a [Figure] says what it is. What is read must have all that its
/// record needs, of the right types; members that a record does not know are skipped. Safe for any thread.
public final class ApiJson {
    private static final JsonMapper MAPPER = JsonMapper.builder(StrictJson.factory(Integer.MAX_VALUE))
            .addModule(new Jdk8Module())
            .addModule(ApiValues.module())
            .defaultPropertyInclusion(JsonInclude.Value.construct(JsonInclude.Include.ALWAYS, null))
            .withConfigOverride(
                    Optional.class,
                    override -> override.setInclude(JsonInclude.Value.construct(
                            JsonInclude.Include.NON_ABSENT, JsonInclude.Include.NON_ABSENT)))
            .withConfigOverride(
                    Figure.class,
                    override -> override.setInclude(
                            JsonInclude.Value.construct(JsonInclude.Include.NON_EMPTY, JsonInclude.Include.NON_EMPTY)))
            .defaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL))
            .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .disable(MapperFeature.SORT_CREATOR_PROPERTIES_FIRST, MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .enable(
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
                    DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .build();

    private ApiJson() {}

    /// @return in UTF-8, without blanks
    public static byte[] print(Object answer) {
        try {
            return MAPPER.writeValueAsBytes(answer);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException("bug: an answer that cannot be printed", e);
        }
    }

    /// As one line that is fit for a terminal.
    public static String show(Object answer) {
        return Json.show(Json.parse(print(answer)));
    }

    /// @throws IllegalArgumentException if it is no JSON, or not what the record needs; its message is for people
    public static <T> T read(byte[] json, Class<T> type) {
        return read(json, type, false);
    }

    /// The same, with all texts and names made fit to be shown, each in one line.
    public static <T> T readPrintable(byte[] json, Class<T> type) {
        return read(json, type, true);
    }

    private static <T> T read(byte[] json, Class<T> type, boolean printable) {
        if (json.length == 0) throw new IllegalArgumentException("there is no JSON object");
        try {
            T value = MAPPER.readerFor(type)
                    .withAttribute(ApiValues.PRINTABLE, printable)
                    .readValue(json);
            if (value == null) throw new IllegalArgumentException("it is no JSON object");
            return value;
        } catch (JsonMappingException e) {
            throw new IllegalArgumentException(place(e) + e.getOriginalMessage(), e);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("it is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// For example `'machines.0.name': `.
    private static String place(JsonMappingException e) {
        var path = e.getPath().stream()
                .map(step -> step.getFieldName() == null ? Integer.toString(step.getIndex()) : step.getFieldName())
                .collect(Collectors.joining("."));
        return path.isEmpty() ? "" : "'%s': ".formatted(path);
    }
}
