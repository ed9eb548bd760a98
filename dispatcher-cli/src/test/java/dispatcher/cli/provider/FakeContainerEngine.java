package dispatcher.cli.provider;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dispatcher.nix.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.URLDecoder;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/// As much of a container engine's HTTP as the provider needs. It has the image `builder` and others, but not
/// `nowhere`. Safe for any thread.
final class FakeContainerEngine implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ServerSocketChannel server;
    private final Map<String, Made> containers = new LinkedHashMap<>();
    private int lastId;

    record Made(String id, String name, String image, Map<String, String> labels, boolean running, JsonNode host) {
        Made running(boolean now) {
            return new Made(id, name, image, labels, now, host);
        }
    }

    private record Answer(int status, ByteString body) {
        static Answer json(int status, Object body) throws IOException {
            return new Answer(status, ByteString.wrap(JSON.writeValueAsBytes(body)));
        }
    }

    private FakeContainerEngine(ServerSocketChannel server) {
        this.server = server;
    }

    static FakeContainerEngine at(Path socket) throws IOException {
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        var engine = new FakeContainerEngine(server);
        Thread.ofVirtual().start(engine::accept);
        return engine;
    }

    synchronized List<Made> containers() {
        return List.copyOf(containers.values());
    }

    synchronized void add(String image, Map<String, String> labels) {
        var id = "c0ffee" + ++lastId;
        containers.put(id, new Made(id, "other" + lastId, image, labels, true, JSON.nullNode()));
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                var channel = server.accept();
                Thread.ofVirtual().start(() -> serve(channel));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(SocketChannel channel) {
        try (channel) {
            var in = new DataInputStream(Channels.newInputStream(channel));
            var out = Channels.newOutputStream(channel);
            while (true) answer(in, out);
        } catch (IOException e) {
            // The client has left.
        }
    }

    private void answer(DataInputStream in, OutputStream out) throws IOException {
        var request = line(in).split(" ");
        var headers = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
        for (var line = line(in); !line.isEmpty(); line = line(in)) {
            var parts = line.split(": *", 2);
            headers.put(parts[0], parts[1]);
        }
        var answer = answer(request[0], request[1], body(in, headers));
        out.write("HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                .formatted(answer.status(), answer.body().length())
                .getBytes(StandardCharsets.UTF_8));
        out.write(answer.body().toByteArray());
        out.flush();
    }

    private static byte[] body(DataInputStream in, Map<String, String> headers) throws IOException {
        if (headers.containsKey("Content-Length"))
            return in.readNBytes(Integer.parseInt(headers.get("Content-Length").strip()));
        if (!headers.containsKey("Transfer-Encoding")) return new byte[0];
        var all = new ByteArrayOutputStream();
        while (true) {
            int size = Integer.parseInt(line(in), 16);
            all.writeBytes(in.readNBytes(size));
            line(in);
            if (size == 0) return all.toByteArray();
        }
    }

    private static String line(DataInputStream in) throws IOException {
        var line = new StringBuilder();
        for (int c = in.readUnsignedByte(); c != '\n'; c = in.readUnsignedByte()) if (c != '\r') line.append((char) c);
        return line.toString();
    }

    private synchronized Answer answer(String method, String target, byte[] body) throws IOException {
        var parts = target.split("\\?", 2);
        var path = parts[0].replaceFirst("^/v[0-9.]+", "");
        var query = new HashMap<String, String>();
        if (parts.length > 1)
            for (var each : parts[1].split("&")) {
                var pair = each.split("=", 2);
                query.put(pair[0], URLDecoder.decode(pair[1], StandardCharsets.UTF_8));
            }
        if (path.equals("/containers/json")) return list(query.getOrDefault("filters", "{}"));
        if (path.equals("/containers/create")) return create(query.getOrDefault("name", ""), JSON.readTree(body));
        if (path.equals("/images/create"))
            return Answer.json(404, Map.of("message", "pull access denied for nowhere, repository does not exist"));
        var words = path.split("/");
        var id = words[2];
        if (!containers.containsKey(id)) return Answer.json(404, Map.of("message", "No such container: " + id));
        return switch (method + " " + (words.length > 3 ? words[3] : "")) {
            case "POST start" -> run(id, true);
            case "POST stop" -> run(id, false);
            case "DELETE " -> {
                containers.remove(id);
                yield new Answer(204, ByteString.EMPTY);
            }
            case "GET json" -> inspect(Objects.requireNonNull(containers.get(id)));
            case "GET logs" -> logs();
            default -> Answer.json(500, Map.of("message", "not known here: " + method + " " + target));
        };
    }

    private Answer list(String filters) throws IOException {
        var wanted = JSON.readTree(filters).path("label");
        var found = new ArrayList<Map<String, Object>>();
        for (var each : containers.values()) {
            boolean matches = true;
            for (var label : wanted) {
                var pair = label.asText().split("=", 2);
                matches &= pair[1].equals(each.labels().get(pair[0]));
            }
            if (matches)
                found.add(Map.of(
                        "Id",
                        each.id(),
                        "Image",
                        each.image(),
                        "State",
                        each.running() ? "running" : "exited",
                        "Labels",
                        each.labels()));
        }
        return Answer.json(200, found);
    }

    private Answer create(String name, JsonNode body) throws IOException {
        var image = body.path("Image").asText();
        if (image.equals("nowhere")) return Answer.json(404, Map.of("message", "No such image: nowhere:latest"));
        if (containers.values().stream().anyMatch(it -> it.name().equals(name)))
            return Answer.json(409, Map.of("message", "The container name is in use"));
        var id = "abcdef012345678" + ++lastId;
        var labels = new HashMap<String, String>();
        body.path("Labels")
                .properties()
                .forEach(it -> labels.put(it.getKey(), it.getValue().asText()));
        var host = body.path("HostConfig");
        containers.put(id, new Made(id, name, image, labels, false, host));
        return Answer.json(201, Map.of("Id", id));
    }

    private Answer run(String id, boolean running) {
        var made = Objects.requireNonNull(containers.get(id));
        containers.put(id, made.running(running));
        return new Answer(made.running() == running ? 304 : 204, ByteString.EMPTY);
    }

    private static Answer inspect(Made made) throws IOException {
        return Answer.json(
                200,
                Map.of(
                        "Id",
                        made.id(),
                        "State",
                        Map.of("Running", made.running(), "ExitCode", made.running() ? 0 : 137),
                        "NetworkSettings",
                        Map.of(
                                "Ports",
                                Map.of("22/tcp", List.of(Map.of("HostIp", "127.0.0.1", "HostPort", "49153"))))));
    }

    /// One frame of standard error.
    private static Answer logs() {
        var text = "Server listening on 0.0.0.0 port 22.\n".getBytes(StandardCharsets.UTF_8);
        var frame = new ByteArrayOutputStream();
        frame.writeBytes(new byte[] {2, 0, 0, 0, 0, 0, 0, (byte) text.length});
        frame.writeBytes(text);
        return new Answer(200, ByteString.wrap(frame.toByteArray()));
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
