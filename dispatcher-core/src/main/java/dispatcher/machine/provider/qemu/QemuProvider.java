package dispatcher.machine.provider.qemu;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineSize;
import dispatcher.machine.OnDemand;
import dispatcher.machine.provider.FileTail;
import dispatcher.machine.provider.MachineProvider;
import dispatcher.machine.provider.ShellCommand;
import dispatcher.machine.provider.SizeFile;
import dispatcher.text.Printable;
import dispatcher.thread.Interruption;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// A virtual machine under a QEMU of its own. That runs on when the dispatcher ends, and is found again by what is in
/// its folder.
public final class QemuProvider implements MachineProvider {
    private static final Duration PAUSE = Duration.ofMillis(100);

    /// From the word to end until it has ended.
    private static final Duration QUIT = Duration.ofSeconds(10);

    private static final String LOOPBACK = "127.0.0.1";

    private final String machine;
    private final OnDemand.Qemu settings;
    private final QemuFolder folder;
    private final SizeFile sizes;
    private final Consumer<String> output;

    /// @param folder of this machine alone; made when it starts
    /// @param output given each line that QEMU's programs print, fit for a log
    public QemuProvider(String machine, OnDemand.Qemu settings, Path folder, Consumer<String> output) {
        this.machine = machine;
        this.settings = settings;
        this.folder = new QemuFolder(folder);
        this.sizes = new SizeFile(folder.resolve("size"));
        this.output = output;
    }

    @Override
    public void start(Duration limit) throws IOException, InterruptedException {
        Files.createDirectories(folder.path());
        int length = folder.socket().toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > Qmp.LONGEST_PATH)
            throw new IOException("cannot start %s: the path %s is too long for a socket; set `state` to a shorter one"
                    .formatted(machine, folder.socket()));
        if (isOn()) return;
        Files.deleteIfExists(folder.socket());
        Files.deleteIfExists(folder.pidFile());
        int port = settings.port().isPresent() ? settings.port().get() : freePort();
        var sized = settings.of(sizes.read(settings.size()));
        var command = new QemuCommand(machine, sized, folder, port);
        if (command.hasDisk()) new QemuDisk(sized, folder, (what, line) -> require(what, line, limit)).make();
        Files.writeString(folder.portFile(), port + "\n");
        require(settings.program(), command.line(), limit);
    }

    @Override
    public void resize(MachineSize size) throws IOException {
        long now = QemuDisk.virtualSize(folder);
        if (size.disk().filter(wanted -> wanted < now).isPresent())
            throw new IOException(
                    "its disk has %d MiB, and a disk only grows; to make it anew, remove %s while it is off"
                            .formatted(now >> 20, folder.disk()));
        Files.createDirectories(folder.path());
        sizes.write(settings.size(), size);
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral(LOOPBACK))) {
            return socket.getLocalPort();
        }
    }

    private void require(String program, String line, Duration limit) throws IOException, InterruptedException {
        var command = new ShellCommand(line, output);
        int status;
        try {
            status = command.run(machine, Map.of(), limit);
        } catch (IOException e) {
            throw new IOException("%s for %s failed: %s".formatted(program, machine, e.getMessage()), e);
        }
        if (status == 0) return;
        throw new IOException("%s for %s ended with exit status %d%s%s"
                .formatted(program, machine, status, command.said(), advice(status, command.said())));
    }

    private static String advice(int status, String said) {
        if (status == ShellCommand.NOT_FOUND)
            return "; install QEMU on the dispatcher's host, or say where it is with onDemand.qemu.program and $PATH";
        if (said.contains("host forwarding"))
            return "; something else has that port: set another onDemand.qemu.port, or none";
        if (said.contains("KVM") || said.contains("kvm"))
            return "; let the dispatcher's user use /dev/kvm, or set onDemand.qemu.accelerator to tcg";
        return "";
    }

    @Override
    public void stop(Duration limit) throws IOException, InterruptedException {
        if (!isOn()) return;
        try (var qmp = Qmp.open(folder.socket(), limit)) {
            qmp.execute("system_powerdown");
            if (endsWithin(limit.dividedBy(2))) return;
            output.accept("does not power down by itself; QEMU is told to end");
            qmp.execute("quit");
        } catch (IOException e) {
            Interruption.rethrow(e);
            output.accept("QEMU does not take commands: " + Printable.line(String.valueOf(e.getMessage())));
        }
        if (endsWithin(QUIT)) return;
        folder.process().ifPresent(ProcessHandle::destroyForcibly);
        if (!endsWithin(QUIT)) throw new IOException("QEMU of %s cannot be killed".formatted(machine));
    }

    private boolean endsWithin(Duration limit) throws IOException, InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (isOn()) {
            if (System.nanoTime() - end >= 0) return false;
            Thread.sleep(PAUSE);
        }
        return true;
    }

    private boolean isOn() throws IOException {
        return folder.process().isPresent();
    }

    @Override
    public Optional<Boolean> isRunning() throws IOException {
        return Optional.of(isOn());
    }

    @Override
    public Optional<String> ended() throws IOException {
        return isOn() ? Optional.empty() : Optional.of("its QEMU has ended");
    }

    @Override
    public MachineAddress address(MachineAddress configured) throws IOException {
        long port = QemuFolder.number(folder.portFile())
                .orElseThrow(() -> new IOException(
                        "%s does not say at which port %s is reached".formatted(folder.portFile(), machine)));
        return new MachineAddress(
                LOOPBACK, (int) port, configured.user(), configured.keyFile(), configured.publicHostKey());
    }

    @Override
    public List<String> tail(int lines) throws IOException {
        return FileTail.of(folder.console(), lines);
    }
}
