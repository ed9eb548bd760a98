package dispatcher.cli.provider;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineSize;
import dispatcher.machine.OnDemand;
import dispatcher.machine.provider.MachineProvider;
import dispatcher.machine.provider.SizeFile;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// A container of Docker or Podman. It has labels by which it is found again: one that an earlier dispatcher has left
/// is taken over if it was made by the same settings, and else removed with the next start of a container.
final class ContainerProvider implements MachineProvider {
    /// For requests that only ask.
    private static final Duration ANSWER = Duration.ofSeconds(30);

    /// What a container may take to end by itself before the engine kills it.
    private static final Duration GRACE = Duration.ofSeconds(10);

    private static final String LOOPBACK = "127.0.0.1";

    private final String owner;
    private final String machine;
    private final OnDemand.Container settings;
    private final EngineSocket socket;
    private final OwnContainers all;
    private final SizeFile sizes;
    private final Consumer<String> output;
    private volatile Optional<Made> made = Optional.empty();

    /// By which settings the container is made, with its size, and its name.
    private record Made(OnDemand.Container settings, ContainerName name) {}

    /// @param owner  the dispatcher: its state directory
    /// @param sizes  the size that somebody gave it
    /// @param output given what happens to containers beside start and stop
    ContainerProvider(
            String owner,
            String machine,
            OnDemand.Container settings,
            EngineSocket socket,
            OwnContainers all,
            SizeFile sizes,
            Consumer<String> output) {
        this.owner = owner;
        this.machine = machine;
        this.settings = settings;
        this.socket = socket;
        this.all = all;
        this.sizes = sizes;
        this.output = output;
        all.add(machine);
    }

    /// The present one: another size counts from the next start on.
    private Made made() throws IOException {
        var present = made;
        return present.isPresent() ? present.get() : makeAnew();
    }

    private Made makeAnew() throws IOException {
        var sized = settings.of(sizes.read(settings.size()));
        var now = new Made(sized, ContainerName.of(owner, machine, sized));
        all.add(machine, now.name().settings());
        made = Optional.of(now);
        return now;
    }

    @Override
    public void resize(MachineSize size) throws IOException {
        if (size.disk().isPresent()) throw new IOException("a container has no disk of its own; leave --disk away");
        sizes.write(settings.size(), size);
    }

    private ContainerEngine engine(Duration limit) throws IOException, InterruptedException {
        return ContainerEngine.at(socket.find(), limit);
    }

    /// The container that was made by the present settings.
    private Optional<ContainerEngine.Found> own(ContainerEngine engine) throws IOException, InterruptedException {
        return engine.find(made().name().labels()).stream().findFirst();
    }

    @Override
    public void start(Duration limit) throws IOException, InterruptedException {
        try (var engine = engine(limit)) {
            leaveOtherSize(engine);
            removeLeft(engine);
            var own = own(engine);
            if (own.isPresent() && own.get().running()) return;
            // What is in an ephemeral one that has stopped is of no use any more.
            if (own.isPresent() && settings.ephemeral()) engine.remove(own.get().id());
            boolean kept = own.isPresent() && !settings.ephemeral();
            engine.start(kept ? own.get().id() : create(engine, limit));
        }
    }

    /// A container of another size is another container, and the one before is removed when it has ended.
    private void leaveOtherSize(ContainerEngine engine) throws IOException, InterruptedException {
        var before = made();
        var next = makeAnew();
        if (next.equals(before)) return;
        for (var found : engine.find(before.name().labels())) {
            engine.remove(found.id());
            output.accept("removed the container %s, which has another size".formatted(found.shortId()));
        }
    }

    private void removeLeft(ContainerEngine engine) throws IOException, InterruptedException {
        for (var found : engine.find(made().name().ownerLabel())) {
            if (!all.isLeft(found.labels())) continue;
            engine.remove(found.id());
            output.accept("removed the container %s of %s, which an earlier dispatcher has left"
                    .formatted(found.shortId(), found.labels().get(ContainerName.MACHINE)));
        }
    }

    private String create(ContainerEngine engine, Duration limit) throws IOException, InterruptedException {
        var next = made();
        var created = engine.create(next.name(), next.settings());
        if (created.isPresent()) return created.get();
        output.accept("the engine does not have the image %s; it is pulled".formatted(settings.image()));
        engine.pull(next.settings(), limit);
        return engine.create(next.name(), next.settings())
                .orElseThrow(() ->
                        new IOException("the engine pulled %s, and does not have it".formatted(settings.image())));
    }

    @Override
    public void stop(Duration limit) throws IOException, InterruptedException {
        try (var engine = engine(limit.plus(GRACE))) {
            var own = own(engine);
            if (own.isEmpty()) return;
            if (own.get().running()) engine.stop(own.get().id(), GRACE);
            if (settings.ephemeral()) engine.remove(own.get().id());
        }
    }

    @Override
    public Optional<Boolean> isRunning() throws IOException, InterruptedException {
        try (var engine = engine(ANSWER)) {
            return Optional.of(
                    own(engine).filter(ContainerEngine.Found::running).isPresent());
        }
    }

    /// The container's own port is mapped to one of the loopback address, which the engine chooses, unless the
    /// container is in the network of the host.
    @Override
    public MachineAddress address(MachineAddress configured) throws IOException, InterruptedException {
        if (settings.network().filter(OnDemand.Container.HOST::equals).isPresent()) return configured;
        try (var engine = engine(ANSWER)) {
            var own = own(engine).orElseThrow(() -> new IOException("the container of %s is gone".formatted(machine)));
            return new MachineAddress(
                    LOOPBACK,
                    engine.port(own.id(), settings.sshPort()),
                    configured.user(),
                    configured.keyFile(),
                    configured.publicHostKey());
        }
    }

    @Override
    public Optional<String> ended() throws IOException, InterruptedException {
        try (var engine = engine(ANSWER)) {
            var own = own(engine);
            if (own.isEmpty()) return Optional.of("its container is gone");
            return own.get().running()
                    ? Optional.empty()
                    : Optional.of(engine.ending(own.get().id()));
        }
    }

    @Override
    public List<String> tail(int lines) throws IOException, InterruptedException {
        try (var engine = engine(ANSWER)) {
            var own = own(engine);
            return own.isEmpty() ? List.of() : engine.tail(own.get().id(), lines);
        }
    }
}
