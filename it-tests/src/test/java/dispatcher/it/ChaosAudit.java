package dispatcher.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Sees that nothing is left of what a dispatcher and its machines did: no slot, no process, no channel, no file, no
/// thread. To be asked before and after.
final class ChaosAudit {
    private static final int SLOTS = 4;
    private static final Duration SOON = Duration.ofSeconds(30);
    /// Threads that end with the request, the build or the connection that they serve.
    private static final Pattern OF_REQUESTS = Pattern.compile(
            "\"name\": \"((?:local client(?!s)|client watch|build of|limits of|reply of|answer of|handshake with|recovery of)"
                    + "[^\"]*)\"");

    private final Fleet fleet;
    private final NixClient client;
    private final DispatcherProcess dispatcher;
    private int filesBefore;

    ChaosAudit(Fleet fleet, NixClient client, DispatcherProcess dispatcher) {
        this.fleet = fleet;
        this.client = client;
        this.dispatcher = dispatcher;
    }

    /// Uses all of it a little, since what is kept for later is no leak.
    void before() throws Exception {
        allSlotsAtOnce("0.5");
        filesBefore = files();
    }

    /// @return what is not as it should be
    List<String> after() throws Exception {
        List<String> wrong = new ArrayList<>();
        check(wrong, "a machine that is set aside for ever", this::awaitAllMachines);
        check(wrong, "a slot that is not given back", () -> allSlotsAtOnce("7.125"));
        check(
                wrong,
                "a thread of a request that has ended",
                () -> Await.until(SOON, this::leftThreads, () -> leftThreads().isEmpty()));
        check(
                wrong,
                "a file or socket that is not closed",
                () -> Await.until(
                        SOON,
                        () -> "%d files, %d before".formatted(files(), filesBefore),
                        () -> files() <= filesBefore + 4));
        if (dispatcher.stop() != 0) {
            wrong.add("the dispatcher did not end well");
        }
        check(
                wrong,
                "a process on a machine",
                () -> Await.until(
                        SOON, this::leftProcesses, () -> leftProcesses().isEmpty()));
        return wrong;
    }

    /// How often what happened, from the dispatcher's log.
    String summary() {
        String log = dispatcher.log();
        return "dispatcher: %d builds done, %d found on a machine, %d lost and begun again, %d outputs lost, machines set aside %d times"
                .formatted(
                        count(log, "build done"),
                        count(log, "built already"),
                        count(log, "machine lost"),
                        count(log, "output lost"),
                        count(log, "machine set aside"));
    }

    private static long count(String log, String text) {
        return log.lines().filter(line -> line.contains(text)).count();
    }

    private interface Check {
        void run() throws Exception;
    }

    private static void check(List<String> wrong, String what, Check check) throws Exception {
        try {
            check.run();
        } catch (AssertionError e) {
            wrong.add(what + ": " + e.getMessage());
        }
    }

    /// All that were set aside are back.
    private void awaitAllMachines() throws Exception {
        Await.until(Duration.ofMinutes(3), () -> "all machines back", () -> {
            String log = dispatcher.log();
            return fleet.machines().stream().allMatch(machine -> {
                String name = "machine=" + machine.name();
                return lastLine(log, "machine back", name) >= lastLine(log, "machine set aside", name);
            });
        });
    }

    private static int lastLine(String log, String what, String machine) {
        List<String> lines = log.lines().toList();
        for (int i = lines.size() - 1; i >= 0; i--) {
            if (lines.get(i).contains(what) && lines.get(i).contains(machine)) {
                return i;
            }
        }
        return -1;
    }

    /// As many builds as there are slots have to run at the same time.
    private void allSlotsAtOnce(String seconds) throws Exception {
        int slots = SLOTS * fleet.machines().size();
        try (Background builds = Background.start(
                client.buildCommand("sleepers", "n", Integer.toString(slots), "seconds", seconds)
                        .with("--builders", dispatcher.builders()),
                fleet.folder())) {
            Await.until(SOON, () -> slots + " builds at once", () -> sleepers(seconds) == slots || !builds.alive());
            builds.await(SOON).orFail();
        }
    }

    private int sleepers(String seconds) throws IOException {
        int count = 0;
        for (Fleet.Machine machine : fleet.machines()) {
            count += machine.processes("sleep " + seconds).size();
        }
        return count;
    }

    private int files() {
        try (Stream<Path> open = Files.list(Path.of("/proc/" + dispatcher.pid() + "/fd"))) {
            return Math.toIntExact(open.count());
        } catch (IOException e) {
            throw new IllegalStateException("the dispatcher has ended", e);
        }
    }

    /// Names of threads that should have ended; virtual ones are seen in a dump only.
    private String leftThreads() {
        try {
            Path dump = Files.createTempFile(fleet.folder(), "threads", ".json");
            Command.of(Path.of(System.getProperty("java.home"), "bin/jcmd"), dispatcher.pid(), "Thread.dump_to_file")
                    .with("-overwrite", "-format=json", dump)
                    .run()
                    .orFail();
            List<String> names = OF_REQUESTS
                    .matcher(Files.readString(dump))
                    .results()
                    .map(match -> match.group(1))
                    .toList();
            Files.delete(dump);
            return String.join(", ", names);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }

    /// Command lines of what runs on machines beside what they always run.
    private String leftProcesses() {
        List<String> left = new ArrayList<>();
        try {
            for (Fleet.Machine machine : fleet.machines()) {
                machine.processes()
                        .map(process -> process.info().commandLine().orElse(""))
                        .filter(line -> line.contains("sshd: ")
                                || line.contains("--stdio")
                                || line.contains("--serve")
                                || line.contains("/bin/sh -e -c"))
                        .forEach(line -> left.add(machine.name() + ": " + line));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return String.join("\n", left);
    }
}
