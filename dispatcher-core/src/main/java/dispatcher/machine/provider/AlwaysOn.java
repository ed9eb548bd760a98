package dispatcher.machine.provider;

import java.time.Duration;
import java.util.Optional;

/// Of a machine that nobody starts or stops for us.
final class AlwaysOn implements MachineProvider {
    static final MachineProvider INSTANCE = new AlwaysOn();

    private AlwaysOn() {}

    @Override
    public void start(Duration limit) {}

    @Override
    public void stop(Duration limit) {}

    @Override
    public Optional<Boolean> isRunning() {
        return Optional.of(true);
    }
}
