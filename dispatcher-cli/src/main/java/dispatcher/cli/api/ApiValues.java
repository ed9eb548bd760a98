package dispatcher.cli.api;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.BeanProperty;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.KeyDeserializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.ContextualDeserializer;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import dispatcher.text.Printable;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// How single values are printed and read. Jackson's own module for times has some forty types, which every command
/// would load.
final class ApiValues {
    /// An attribute of a reader: whether texts are made fit to be shown.
    static final String PRINTABLE = "printable";

    private ApiValues() {}

    static SimpleModule module() {
        return new SimpleModule("dispatcher")
                .addSerializer(Instant.class, ToStringSerializer.instance)
                .addDeserializer(Instant.class, new Times())
                .addDeserializer(String.class, new Texts())
                .addKeyDeserializer(String.class, new Names())
                .addSerializer(Figure.class, new FigurePrinter())
                .addDeserializer(Figure.class, new FigureReader(null));
    }

    private static boolean isPrintable(DeserializationContext context) {
        return Boolean.TRUE.equals(context.getAttribute(PRINTABLE));
    }

    private static final class Texts extends StdScalarDeserializer<String> {
        Texts() {
            super(String.class);
        }

        @Override
        public String deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            if (!parser.hasToken(JsonToken.VALUE_STRING)) {
                context.reportInputMismatch(this, "it is no text");
                throw new IllegalStateException("reported");
            }
            return isPrintable(context) ? Printable.joined(parser.getText()) : parser.getText();
        }
    }

    private static final class Names extends KeyDeserializer {
        @Override
        public Object deserializeKey(String key, DeserializationContext context) {
            return isPrintable(context) ? Printable.line(key) : key;
        }
    }

    private static final class Times extends StdScalarDeserializer<Instant> {
        Times() {
            super(Instant.class);
        }

        @Override
        public Instant deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            try {
                if (parser.hasToken(JsonToken.VALUE_STRING)) return Instant.parse(parser.getText());
            } catch (DateTimeException e) {
                // Said below.
            }
            context.reportInputMismatch(this, "it is no time as in RFC 3339");
            throw new IllegalStateException("reported");
        }
    }

    @SuppressWarnings("rawtypes")
    private static final class FigurePrinter extends StdSerializer<Figure> {
        FigurePrinter() {
            super(Figure.class);
        }

        @Override
        public boolean isEmpty(SerializerProvider provider, Figure figure) {
            return figure instanceof Figure.Absent;
        }

        @Override
        public void serialize(Figure figure, JsonGenerator out, SerializerProvider provider) throws IOException {
            if (figure instanceof Figure.Known<?>(var value)) provider.defaultSerializeValue(value, out);
            else out.writeNull();
        }
    }

    @SuppressWarnings("rawtypes")
    private static final class FigureReader extends StdDeserializer<Figure> implements ContextualDeserializer {
        private final transient @Nullable JsonDeserializer<Object> values;

        FigureReader(@Nullable JsonDeserializer<Object> values) {
            super(Figure.class);
            this.values = values;
        }

        @Override
        public JsonDeserializer<?> createContextual(DeserializationContext context, BeanProperty property)
                throws com.fasterxml.jackson.databind.JsonMappingException {
            JavaType type = context.getContextualType();
            return new FigureReader(context.findContextualValueDeserializer(type.containedTypeOrUnknown(0), property));
        }

        @Override
        public Figure deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            if (values == null) throw new IllegalStateException("of no type");
            return Figure.known(values.deserialize(parser, context));
        }

        @Override
        public Figure getNullValue(DeserializationContext context) {
            return Figure.unknown();
        }

        @Override
        public Object getAbsentValue(DeserializationContext context) {
            return Figure.absent();
        }
    }
}
