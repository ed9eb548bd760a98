package dispatcher.cli.top;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.api.StatusAnswer;
import dispatcher.cli.api.event.FleetEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// A picture that grows, as of the dispatcher's JSON.
final class Pictures {
    static final String HASH = "b".repeat(32);
    private static final String NOW = "2026-01-01T01:00:00Z";

    final Phases phases = new Phases();
    private final List<String> machines = new ArrayList<>();
    private final List<String> waiting = new ArrayList<>();
    private long running;
    private long refused;

    Pictures machine(String name, String state, String reason, String... builds) {
        running += builds.length;
        machines.add("""
                {"address":"nix@x","bandwidth":1,"bandwidthMeasured":true,"mandatoryFeatures":[],"name":%s,
                 "reason":%s,"refuses":[],"resources":{},"running":[%s],"slots":8,"slotsTaken":%d,
                 "speed":{"configured":1,"measured":1},"state":"%s","supportedFeatures":[],"systems":["x86_64-linux"]}""".formatted(text(name), text(reason), running(builds), builds.length, state));
        return this;
    }

    private static String running(String... builds) {
        return List.of(builds).stream().map("""
                        {"client":"ci","drv":"%s-%%s.drv","expectedEnd":"2026-01-01T01:03:00Z","since":"2026-01-01T00:50:00Z"}""".formatted(HASH)::formatted).collect(Collectors.joining(","));
    }

    Pictures waits(String name, String client) {
        return waits(name, client, ",\"expectedStart\":\"2026-01-01T01:00:30Z\",\"untilExpected\":30");
    }

    Pictures waitsInVain(String name, String client) {
        return waits(name, client, "");
    }

    private Pictures waits(String name, String client, String start) {
        waiting.add("""
                {"client":%s,"drv":"%s-%s.drv","features":["kvm"],"of":7,"place":%d,"priority":0,
                 "since":"2026-01-01T00:57:00Z","system":"x86_64-linux"%s}""".formatted(text(client), HASH, name, waiting.size() + 1, start));
        return this;
    }

    Pictures refused(long builds) {
        refused = builds;
        return this;
    }

    Pictures event(String type, String name, String machine, String outcome) {
        phases.accept(read("""
                {"at":"%s","client":"ci","drv":"%s-%s.drv","machine":"%s","outcome":"%s","seq":1,"type":"%s"}""".formatted(NOW, HASH, name, machine, outcome, type), FleetEvent.class));
        return this;
    }

    Picture take() {
        var all = machines.stream()
                .map(machine -> read(machine, MachineAnswer.class))
                .toList();
        long ready = all.stream().filter(it -> it.state().equals("ready")).count();
        var problems = all.stream()
                .filter(it -> !it.state().equals("ready"))
                .map(it -> "{\"machine\":%s,\"state\":\"x\",\"reason\":\"\",\"next\":\"\"}".formatted(text(it.name())))
                .collect(Collectors.joining(","));
        var oldest = waiting.isEmpty() ? "" : ",\"oldest\":\"2026-01-01T00:57:00Z\"";
        var status =
                """
                {"lastHour":{"built":3,"failed":1,"refused":%d},"machines":{"all":%d,"ready":%d},"now":"%s",
                 "problems":[%s],"running":%d,"slots":%d,"waiting":%d%s}""".formatted(refused, all.size(), ready, NOW, problems, running, ready * 8, waiting.size(), oldest);
        var queue = "{\"builds\":[%s],\"now\":\"%s\",\"waiting\":%d}"
                .formatted(String.join(",", waiting), NOW, waiting.size());
        return Picture.of(read(status, StatusAnswer.class), all, read(queue, QueueAnswer.class), phases);
    }

    private static <T> T read(String json, Class<T> type) {
        return ApiJson.readPrintable(json.getBytes(StandardCharsets.UTF_8), type);
    }

    private static String text(String text) {
        return new String(ApiJson.print(text), StandardCharsets.UTF_8);
    }
}
