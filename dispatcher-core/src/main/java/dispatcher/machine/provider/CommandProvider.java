package dispatcher.machine.provider;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.OnDemand;
import dispatcher.machine.Pool;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/// Starts and stops a machine by commands on the dispatcher's host, as the user that runs the dispatcher.
public final class CommandProvider implements MachineProvider {
    /// For commands that only ask.
    private static final Duration ANSWER = Duration.ofSeconds(30);

    /// The host may be in brackets, and must be if it has colons.
    private static final Pattern ADDRESS = Pattern.compile("(?:\\[([^\\s\\[\\]]+)]|([^\\s:\\[\\]]+))(?::(\\d{1,5}))?");

    /// Names that are read of a list; the rest is not looked at.
    private static final int MOST_LISTED = 10_000;

    private final String machine;
    private final Map<String, String> environment;
    private final OnDemand.Commands commands;
    private final Consumer<String> output;

    public CommandProvider(String machine, OnDemand.Commands commands, Consumer<String> output) {
        this(machine, Optional.empty(), commands, output);
    }

    /// @param member if it is a machine of a pool, which its commands find in their environment
    public CommandProvider(
            String machine, Optional<Pool.Member> member, OnDemand.Commands commands, Consumer<String> output) {
        this.machine = machine;
        this.environment = environment(machine, member);
        this.commands = commands;
        this.output = output;
    }

    private static Map<String, String> environment(String machine, Optional<Pool.Member> member) {
        var environment = new HashMap<>(Map.of("DISPATCHER_MACHINE", machine));
        member.ifPresent(it -> {
            environment.put("DISPATCHER_POOL", it.pool().name());
            environment.put("DISPATCHER_INDEX", String.valueOf(it.index()));
        });
        return Map.copyOf(environment);
    }

    @Override
    public void start(Duration limit) throws IOException, InterruptedException {
        require("start", commands.start(), limit);
    }

    @Override
    public void stop(Duration limit) throws IOException, InterruptedException {
        if (commands.stop().isPresent()) require("stop", commands.stop().get(), limit);
    }

    @Override
    public Optional<Boolean> isRunning() throws IOException, InterruptedException {
        if (commands.status().isEmpty()) return running().map(names -> names.contains(machine));
        var command = new ShellCommand(commands.status().get(), _ -> {});
        int status = run("status", command, ANSWER);
        if (status == ShellCommand.NOT_EXECUTABLE || status == ShellCommand.NOT_FOUND)
            throw failed("status", command, status);
        return Optional.of(status == 0);
    }

    /// The names of machines that run; empty if no command lists them.
    public Optional<List<String>> running() throws IOException, InterruptedException {
        if (commands.list().isEmpty()) return Optional.empty();
        var names = new CopyOnWriteArrayList<String>();
        var command = new ShellCommand(commands.list().get(), line -> {
            if (names.size() < MOST_LISTED) names.add(line.strip());
        });
        int status = run("list", command, ANSWER);
        if (status != 0) throw failed("list", command, status);
        return Optional.of(List.copyOf(names));
    }

    @Override
    public MachineAddress address(MachineAddress configured) throws IOException, InterruptedException {
        if (commands.address().isEmpty()) return configured;
        var command = new ShellCommand(commands.address().get(), _ -> {});
        int status = run("address", command, ANSWER);
        if (status != 0) throw failed("address", command, status);
        var lines = command.lastLines();
        var address = ADDRESS.matcher(lines.isEmpty() ? "" : lines.getLast().strip());
        if (!address.matches())
            throw new IOException("the address command %s of %s should print HOST or HOST:PORT in its last line%s"
                    .formatted(command.name(), machine, command.said()));
        int port = address.group(3) == null ? configured.port() : Integer.parseInt(address.group(3));
        if (port < 1 || port > 65_535)
            throw new IOException("the address command %s of %s printed the port %d, which is not in 1 … 65535"
                    .formatted(command.name(), machine, port));
        return configured.at(address.group(1) == null ? address.group(2) : address.group(1), port);
    }

    private void require(String what, String text, Duration limit) throws IOException, InterruptedException {
        var command = new ShellCommand(text, output);
        int status = run(what, command, limit);
        if (status != 0) throw failed(what, command, status);
    }

    private int run(String what, ShellCommand command, Duration limit) throws IOException, InterruptedException {
        try {
            return command.run(machine, environment, limit);
        } catch (IOException e) {
            throw new IOException("the %s command of %s failed: %s".formatted(what, machine, e.getMessage()), e);
        }
    }

    private IOException failed(String what, ShellCommand command, int status) {
        return new IOException("the %s command %s of %s ended with exit status %d%s"
                .formatted(what, command.name(), machine, status, command.said()));
    }
}
