package dispatcher.cli.decline;

import dispatcher.machine.provider.ShellCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What this host says of its power and its network: Linux in its files, a mac by its commands.
///
/// @param isMac whether it is asked as a mac
/// @param root  of the files of Linux
record HostState(boolean isMac, Path root) {
    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final String DEFAULT_ROUTE = "00000000";
    private static final String DEFAULT_ROUTE_6 = "0".repeat(32) + " 00";

    static HostState ofThisHost() {
        return new HostState(System.getProperty("os.name", "").startsWith("Mac"), Path.of("/"));
    }

    /// Whether no mains feed it, and a battery does. False where that cannot be known.
    boolean isOnBattery() throws IOException, InterruptedException {
        if (isMac) return succeeds("pmset -g batt | grep -q \"Now drawing from 'Battery Power'\"");
        boolean battery = false;
        for (var supply : supplies()) {
            if (read(supply.resolve("online")).equals("1")) return false;
            battery |= read(supply.resolve("status")).equals("Discharging");
        }
        return battery;
    }

    private List<Path> supplies() throws IOException {
        var folder = root.resolve("sys/class/power_supply");
        if (!Files.isDirectory(folder)) return List.of();
        var supplies = new ArrayList<Path>();
        try (var entries = Files.newDirectoryStream(folder)) {
            entries.forEach(supplies::add);
        }
        return supplies;
    }

    /// Whether no route leads out. False where that cannot be known.
    boolean isOffline() throws IOException, InterruptedException {
        if (isMac) return !succeeds("route -n get default");
        var routes = root.resolve("proc/net/route");
        if (!Files.exists(routes)) return false;
        for (var line : Files.readAllLines(routes)) {
            var fields = line.split("\\s+", -1);
            if (fields.length > 1 && fields[1].equals(DEFAULT_ROUTE)) return false;
        }
        // The kernel itself has routes to everywhere that lead nowhere, by lo.
        var routes6 = root.resolve("proc/net/ipv6_route");
        if (!Files.exists(routes6)) return true;
        for (var line : Files.readAllLines(routes6))
            if (line.startsWith(DEFAULT_ROUTE_6) && !line.endsWith(" lo")) return false;
        return true;
    }

    /// Whether a command ends with status 0.
    boolean succeeds(String command) throws IOException, InterruptedException {
        return new ShellCommand(command, _ -> {}).run("decline", Map.of(), LIMIT) == 0;
    }

    private static String read(Path file) throws IOException {
        return Files.isRegularFile(file) ? Files.readString(file).strip() : "";
    }
}
