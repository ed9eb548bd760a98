package dispatcher.machine.provider;

import dispatcher.machine.OnDemand;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// A machine that is a service of this host's launchd, such as nix-darwin's virtual machine. To stop it the service is
/// unloaded, since launchd starts one with `KeepAlive` again otherwise.
final class LaunchdProvider implements MachineProvider {
    private final OnDemand.Launchd service;
    private final MachineProvider commands;

    LaunchdProvider(String machine, OnDemand.Launchd service, Consumer<String> output) {
        this(machine, service, "launchctl", output);
    }

    /// @param launchctl one word for the shell
    LaunchdProvider(String machine, OnDemand.Launchd service, String launchctl, Consumer<String> output) {
        this.service = service;
        this.commands = new CommandProvider(machine, commands(service, launchctl), output);
    }

    private static OnDemand.Commands commands(OnDemand.Launchd service, String launchctl) {
        var target = service.domain() + "/" + service.label();
        var print = "%s print %s".formatted(launchctl, target);
        return new OnDemand.Commands(
                // 113: launchd does not know the service.
                "%s >/dev/null; status=$?; if [ $status = 113 ]; then %s bootstrap %s %s || exit $?;"
                                .formatted(
                                        print,
                                        launchctl,
                                        service.domain(),
                                        ShellCommand.quoted(service.plist().toString()))
                        + " elif [ $status != 0 ]; then exit $status; fi; %s kickstart %s".formatted(launchctl, target),
                // 36: it still ends; 3 and 113: it is not there. One that has ended is not known any more.
                Optional.of("%s bootout %s; status=$?;".formatted(launchctl, target)
                        + " case $status in 0|3|36|113) ;; *) exit $status ;; esac;"
                        + " while %s >/dev/null 2>&1; do sleep 1; done".formatted(print)),
                Optional.of("said=$(%s 2>&1); status=$?; case $status in 0) ;; 113) exit 1 ;;".formatted(print)
                        + " *) printf '%s\\n' \"$said\"; exit $status ;; esac;"
                        + " printf '%s\\n' \"$said\" | grep -q '^[[:space:]]*state = running$'"),
                Optional.empty());
    }

    @Override
    public void start(Duration limit) throws IOException, InterruptedException {
        try {
            commands.start(limit);
        } catch (IOException e) {
            throw advised(e);
        }
    }

    @Override
    public void stop(Duration limit) throws IOException, InterruptedException {
        try {
            commands.stop(limit);
        } catch (IOException e) {
            throw advised(e);
        }
    }

    private IOException advised(IOException e) {
        var advice = service.domain().equals(OnDemand.Launchd.SYSTEM)
                ? "; services of the system domain are started and stopped by root: let the dispatcher run as root, or"
                        + " use `command` with sudo"
                : "";
        return new IOException(e.getMessage() + advice, e);
    }

    @Override
    public Optional<Boolean> isRunning() throws IOException, InterruptedException {
        return commands.isRunning();
    }

    @Override
    public List<String> tail(int lines) throws IOException {
        return service.log().isPresent() ? FileTail.of(service.log().get(), lines) : List.of();
    }
}
