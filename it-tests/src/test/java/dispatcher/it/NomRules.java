package dispatcher.it;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// What nix-output-monitor takes of Nix's `--log-format internal-json`, and refuses with an error otherwise.
final class NomRules {
    /// Before each message; other lines are not for programs.
    private static final String PREFIX = "@nix ";

    private static final Pattern PATH = Pattern.compile("/nix/store/.{32}-[a-zA-Z0-9?=_.+-]*");
    private static final Pattern DERIVATION = Pattern.compile("/nix/store/.{32}-[a-zA-Z0-9?=_.+-]*\\.drv");
    private static final ObjectMapper JSON = new ObjectMapper();

    private NomRules() {}

    /// An activity that has begun.
    ///
    /// @param fields texts, and numbers as texts
    record Activity(long id, int type, String text, List<String> fields) {}

    /// A result of one.
    record Result(Activity activity, int type, List<String> fields) {}

    /// What a stream says.
    record Stream(List<Activity> activities, List<Result> results) {}

    /// @throws AssertionError at the first message that it would not take
    static Stream read(Iterable<String> lines) throws JsonProcessingException {
        Map<Long, Activity> known = new HashMap<>();
        Stream stream = new Stream(new ArrayList<>(), new ArrayList<>());
        for (String line : lines) {
            if (!line.startsWith(PREFIX)) {
                continue;
            }
            JsonNode message = JSON.readTree(line.substring(PREFIX.length()));
            switch (message.path("action").asText()) {
                case "msg" -> require(isLevel(message) && message.path("msg").isTextual(), line);
                case "stop" -> require(message.path("id").isIntegralNumber(), line);
                case "start" -> {
                    Activity activity = activity(message, line);
                    known.put(activity.id(), activity);
                    stream.activities().add(activity);
                }
                case "result" -> stream.results().add(result(message, known, line));
                default -> throw new AssertionError("unknown action: " + line);
            }
        }
        return stream;
    }

    private static Activity activity(JsonNode message, String line) {
        require(isLevel(message) && message.path("id").isIntegralNumber(), line);
        require(message.path("text").isTextual() && message.path("type").isInt(), line);
        JsonNode fields = message.path("fields");
        int type = message.path("type").intValue();
        boolean good = switch (type) {
            case 0, 102, 103, 104, 106, 107, 111 -> true;
            case 100 -> isTexts(fields, 3) && is(PATH, fields, 0);
            case 101 -> isTexts(fields, 1);
            case 105 ->
                fields.size() == 4
                        && is(DERIVATION, fields, 0)
                        && fields.path(1).isTextual();
            case 108, 109 -> isTexts(fields, 2) && is(PATH, fields, 0);
            case 110 -> isTexts(fields, 1) && is(DERIVATION, fields, 0);
            default -> false;
        };
        require(good, line);
        return new Activity(
                message.path("id").longValue(), type, message.path("text").textValue(), texts(fields));
    }

    private static Result result(JsonNode message, Map<Long, Activity> known, String line) {
        Activity activity = known.get(message.path("id").longValue());
        if (activity == null) throw broken(line);
        JsonNode fields = message.path("fields");
        int type = message.path("type").intValue();
        boolean good = switch (type) {
            case 100, 106 -> isNumbers(fields, 2);
            case 101, 104, 107 -> isTexts(fields, 1);
            case 102, 103 -> isTexts(fields, 1) && is(PATH, fields, 0);
            case 105 -> isNumbers(fields, 4);
            default -> false;
        };
        require(good, line);
        return new Result(activity, type, texts(fields));
    }

    private static boolean isLevel(JsonNode message) {
        JsonNode level = message.path("level");
        return level.isInt() && level.intValue() >= 0 && level.intValue() <= 7;
    }

    private static boolean isTexts(JsonNode fields, int count) {
        boolean all = fields.size() == count;
        for (JsonNode field : fields) {
            all &= field.isTextual();
        }
        return all;
    }

    private static boolean isNumbers(JsonNode fields, int count) {
        boolean all = fields.size() == count;
        for (JsonNode field : fields) {
            all &= field.isIntegralNumber();
        }
        return all;
    }

    private static boolean is(Pattern pattern, JsonNode fields, int index) {
        return pattern.matcher(fields.path(index).asText()).matches();
    }

    private static List<String> texts(JsonNode fields) {
        List<String> texts = new ArrayList<>();
        fields.forEach(field -> texts.add(field.asText()));
        return List.copyOf(texts);
    }

    private static void require(boolean good, String line) {
        if (!good) throw broken(line);
    }

    private static AssertionError broken(String line) {
        return new AssertionError("nix-output-monitor does not take: " + line);
    }
}
