package dispatcher.machine.demand;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.provider.MachineProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;

/// A machine that runs as soon as it is started, unless the test holds it up or breaks it. Safe for any thread.
final class FakeProvider implements MachineProvider, Startup.Probe {
    final List<String> calls = new CopyOnWriteArrayList<>();
    private final Semaphore startGate = new Semaphore(1 << 20);
    private final Semaphore stopGate = new Semaphore(1 << 20);
    private final Semaphore lookGate = new Semaphore(1 << 20);
    volatile Runnable startTakes = () -> {};
    volatile boolean running;
    volatile boolean answering = true;
    volatile boolean tells = true;
    volatile Optional<String> startFault = Optional.empty();
    volatile Optional<String> stopFault = Optional.empty();
    volatile Optional<MachineAddress> where = Optional.empty();
    volatile Optional<String> ended = Optional.empty();
    volatile List<String> printed = List.of();

    void holdStarts() {
        startGate.drainPermits();
    }

    void holdStops() {
        stopGate.drainPermits();
    }

    void holdLooks() {
        lookGate.drainPermits();
    }

    void letGo() {
        lookGate.release(1 << 10);
        startGate.release(1 << 10);
        stopGate.release(1 << 10);
    }

    @Override
    public void start(Duration limit) throws IOException, InterruptedException {
        calls.add("start");
        startGate.acquire();
        startTakes.run();
        if (startFault.isPresent()) throw new IOException(startFault.get());
        running = true;
    }

    @Override
    public void stop(Duration limit) throws IOException, InterruptedException {
        calls.add("stop");
        stopGate.acquire();
        if (stopFault.isPresent()) throw new IOException(stopFault.get());
        running = false;
    }

    @Override
    public Optional<Boolean> isRunning() throws InterruptedException {
        lookGate.acquire();
        return tells ? Optional.of(running) : Optional.empty();
    }

    @Override
    public MachineAddress address(MachineAddress configured) {
        return where.orElse(configured);
    }

    @Override
    public Optional<String> ended() {
        return ended;
    }

    @Override
    public List<String> tail(int lines) {
        return printed.subList(Math.max(0, printed.size() - lines), printed.size());
    }

    @Override
    public void require(MachineAddress address) throws IOException {
        if (!running || !answering) throw new IOException("nobody answers at " + address);
    }
}
