package dispatcher.machine.demand;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineSize;
import dispatcher.machine.OnDemand;
import dispatcher.machine.provider.MachineProvider;
import dispatcher.thread.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What turns one machine on and off, with notes in its log and ours of all that happens. Each method blocks while the
/// provider works; none may be called under a lock.
record PowerSwitch(
        String machine, MachineProvider provider, InstantSource clock, Startup.Pauses pauses, ProviderLog events) {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    /// Of what a machine printed, in the words for a failed start.
    private static final int LAST_WORDS = 5;

    /// Whether it runs; empty if that cannot be found out.
    Optional<Boolean> isOn() throws InterruptedException {
        try {
            return provider.isRunning();
        } catch (IOException e) {
            Interruption.rethrow(e);
            note("cannot tell whether it runs: " + e.getMessage());
            return Optional.empty();
        }
    }

    void turnOn(OnDemand settings) throws IOException, InterruptedException {
        note("starts by " + settings.provider());
        provider.start(settings.bootTimeout());
    }

    /// Waits until it answers.
    ///
    /// @param begun     when its start began
    /// @param byUs      whether it was turned on now, so that what it printed is of this start
    /// @return where it is reached
    MachineAddress await(Startup.Probe probe, MachineAddress configured, Instant begun, Duration limit, boolean byUs)
            throws IOException, InterruptedException {
        try {
            return new Startup(machine, provider, probe, clock, pauses).await(configured, begun.plus(limit), limit);
        } catch (IOException e) {
            Interruption.rethrow(e);
            if (!byUs) throw e;
            var words = tail(LAST_WORDS);
            if (words.isEmpty()) throw e;
            throw new IOException(e.getMessage() + "; it printed last: " + String.join("; ", words), e);
        }
    }

    void turnOff(Duration limit) throws IOException, InterruptedException {
        note("stops");
        provider.stop(limit);
    }

    /// What the machine itself printed last, or why that is not known.
    List<String> tail(int lines) throws InterruptedException {
        try {
            return provider.tail(lines);
        } catch (IOException e) {
            Interruption.rethrow(e);
            return List.of("what it printed cannot be read: " + e.getMessage());
        }
    }

    void resize(MachineSize size) throws IOException, InterruptedException {
        provider.resize(size);
        note("has another size from its next start on");
    }

    void note(String what) {
        events.add(what);
        log.atInfo().addKeyValue("machine", machine).log("machine on demand {}", what);
    }

    /// @param event for our log, such as `machine could not be started`
    void complain(String event, String why) {
        events.add(why);
        log.atWarn().addKeyValue("machine", machine).addKeyValue("why", why).log(event);
    }

    /// A fault of ours that is no reason not to go on.
    void report(String what, RuntimeException bug) {
        log.atError().addKeyValue("machine", machine).setCause(bug).log("bug: {}", what);
    }
}
