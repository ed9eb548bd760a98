package dispatcher.cli.serve;

import dispatcher.cli.builders.BuildersCommand;
import dispatcher.cli.command.SettingsOption;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.NoSettingsFileException;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.systemd.ServiceManager;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.Machine;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `dispatcher serve`: runs until it is stopped.
@Command(
        name = "serve",
        description = "Take builds from Nix clients and give them to the machines, until stopped.",
        mixinStandardHelpOptions = true)
public final class ServeCommand implements Callable<Integer> {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    @Mixin
    private SettingsOption settings;

    private final String programVersion;
    private final AtomicBoolean closing = new AtomicBoolean();

    public ServeCommand(String programVersion) {
        this.programVersion = programVersion;
    }

    @Override
    public Integer call() throws InterruptedException {
        var loaded = load();
        for (var warning : loaded.remarks()) log.atWarn().log("{}", warning);
        // Before it serves, or else it would be the end of it.
        var reloading =
                new AtomicReference<Runnable>(() -> log.atInfo().log("HUP: the settings are being read anyway"));
        // Of threads that do one thing: the thread that waits for it learns of the failure in another way.
        Thread.setDefaultUncaughtExceptionHandler((thread, bug) -> log.atError()
                .addKeyValue("thread", thread.getName())
                .setCause(bug)
                .log("bug: a thread ended"));
        var _ = Signals.handle(_ -> reloading.get().run(), "HUP");
        var server = new Server(loaded, programVersion);
        reloading.set(() -> server.reloader().reload("SIGHUP"));
        if (!loaded.isWritten()) introduce(loaded);
        var manager = ServiceManager.of(System.getenv(), ProcessHandle.current().pid());
        var stopping = new AtomicBoolean();
        boolean ours = Signals.handle(
                signal -> {
                    manager.stopping(signal + ": waiting for builds that run");
                    if (stopping.compareAndSet(false, true))
                        drain(server, server.settings().timeouts().drain(), signal);
                    else log.atInfo().log("{} again: stopping at once", signal);
                    stop(server);
                },
                "TERM",
                "INT");
        // An orderly end is no failure.
        if (!ours)
            Runtime.getRuntime()
                    .addShutdownHook(Thread.ofPlatform().name("shutdown").unstarted(() -> stop(server)));
        server.report(manager);
        new CountDownLatch(1).await();
        return 0;
    }

    /// Where nothing is there to begin with, what could be is named.
    private Settings load() {
        try {
            return settings.load();
        } catch (NoSettingsFileException e) {
            var hints = new Nearby(Surroundings.ofProcess()).hints(Set.of());
            if (hints.isEmpty()) throw e;
            throw new UserFacingException(e.what(), e.why(), e.next() + "\n" + String.join("\n", hints), e);
        }
    }

    /// What counts without a settings file, and what there is to do next.
    private static void introduce(Settings settings) {
        log.atInfo()
                .addKeyValue(
                        "machines",
                        settings.machines().stream().map(Machine::name).collect(Collectors.joining(",")))
                .log("there is no settings file: these machines are used, and a default for all else");
        log.atInfo().log("for Nix on this host, put into its nix.conf: {}", BuildersCommand.line(settings));
        var hosts = settings.machines().stream()
                .flatMap(machine -> Stream.of(machine.name(), machine.address().host()))
                .collect(Collectors.toSet());
        for (var hint : new Nearby(Surroundings.ofProcess()).hints(hosts)) log.atInfo().log("not used: {}", hint);
    }

    private static void drain(Server server, Duration limit, String signal) {
        log.atInfo().addKeyValue("limit", limit).log("{}: taking no more builds, waiting for those that run", signal);
        try {
            if (!server.drain(limit)) log.atWarn().log("builds still run, and are cut off");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// A second call while the first is under way ends the program at once.
    private void stop(Server server) {
        if (closing.compareAndSet(false, true)) {
            server.close();
            log.atInfo().log("stopped");
        }
        Runtime.getRuntime().halt(0);
    }
}
