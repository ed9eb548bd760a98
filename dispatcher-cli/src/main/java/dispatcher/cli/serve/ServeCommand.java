package dispatcher.cli.serve;

import dispatcher.cli.settings.SettingsOption;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
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

    public ServeCommand(String programVersion) {
        this.programVersion = programVersion;
    }

    @Override
    public Integer call() throws InterruptedException {
        var loaded = settings.load();
        for (var warning : loaded.warnings()) log.atWarn().log("{}", warning);
        if (loaded.listen().web().isPresent())
            log.atWarn().log("listen.web is set, and this version has no page to show there yet");
        var server = new Server(loaded, "dispatcher " + programVersion);
        // A signal ends the JVM by way of its shutdown hooks alone; an orderly end is no failure.
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("shutdown").unstarted(() -> {
                    server.close();
                    log.atInfo().log("stopped");
                    Runtime.getRuntime().halt(0);
                }));
        new CountDownLatch(1).await();
        return 0;
    }
}
