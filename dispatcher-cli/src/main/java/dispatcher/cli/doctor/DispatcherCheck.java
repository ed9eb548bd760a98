package dispatcher.cli.doctor;

import dispatcher.cli.api.StatusAnswer;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.secret.SecretFile;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/// Looks at the dispatcher on this host: settings, state, sockets, disks.
///
/// @param fix whether what is ours is put right: missing directories, and files that are open to others
record DispatcherCheck(Settings settings, Programs programs, boolean fix) {
    static final String SUBJECT = "dispatcher";
    private static final Set<PosixFilePermission> OURS =
            Set.copyOf(EnumSet.range(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_EXECUTE));
    private static final Set<PosixFilePermission> OURS_TO_READ =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    private static final long LITTLE_BYTES = 1L << 30;
    private static final int FEW_PERCENT = 95;
    private static final Duration LIMIT = Duration.ofSeconds(5);

    List<Finding> findings() throws InterruptedException {
        var findings = new ArrayList<>(settingsRead());
        findings.add(state());
        secret("host key", settings.hostKey()).ifPresent(findings::add);
        settings.secretKeyFile().flatMap(file -> secret("signing key", file)).ifPresent(findings::add);
        boolean runs = false;
        try {
            runs = new ApiClient(settings.controlSocket())
                    .get(StatusAnswer.PATH)
                    .isPresent();
            findings.add(
                    runs
                            ? Finding.ok(SUBJECT, "running", "it answers at " + settings.controlSocket())
                            : Finding.warning(
                                    SUBJECT,
                                    "running",
                                    "none answers at " + settings.controlSocket(),
                                    "this host",
                                    "systemctl start dispatcher   # or: dispatcher serve"));
        } catch (UserFacingException e) {
            findings.add(Finding.unknown(SUBJECT, "running", e.why(), e.next()));
        }
        findings.addAll(doors(runs));
        findings.addAll(disk("state", settings.state()));
        findings.addAll(disk("spool", settings.spool().path()));
        return findings;
    }

    private List<Finding> settingsRead() {
        var findings = new ArrayList<Finding>();
        findings.add(Finding.ok(
                SUBJECT,
                "settings",
                "%s: %d machines".formatted(settings.file(), settings.machines().size())));
        for (var fault : settings.notUsed())
            findings.add(Finding.fault(
                    SUBJECT,
                    "settings",
                    "%s: %s".formatted(fault.key(), fault.message()),
                    "%s:%d".formatted(fault.file(), fault.line()),
                    "correct that line, and run `dispatcher reload`"));
        for (var fault : settings.warnings())
            findings.add(Finding.warning(
                    SUBJECT,
                    "settings",
                    "%s: %s".formatted(fault.key(), fault.message()),
                    "%s:%d".formatted(fault.file(), fault.line()),
                    "correct that line if it is not meant so"));
        return findings;
    }

    private Finding state() {
        var state = settings.state();
        try {
            if (!Files.isDirectory(state)) return missing(state);
            var mode = Files.getPosixFilePermissions(state);
            if (!Files.isWritable(state))
                return Finding.fault(
                        SUBJECT,
                        "state",
                        "user %s cannot write to %s".formatted(System.getProperty("user.name"), state),
                        "this host",
                        "run this as the user of the dispatcher, or: chown %s %s"
                                .formatted(System.getProperty("user.name"), state));
            if (OURS.containsAll(mode)) return Finding.ok(SUBJECT, "state", state + ", for its user only");
            var chmod = "chmod 700 " + state;
            return mended(
                    () -> isOurs(state, OURS),
                    Finding.warning(
                            SUBJECT,
                            "state",
                            "%s is open to others (%s)".formatted(state, PosixFilePermissions.toString(mode)),
                            "this host",
                            chmod),
                    chmod);
        } catch (IOException | UnsupportedOperationException e) {
            return Finding.unknown(
                    SUBJECT, "state", "%s cannot be looked at: %s".formatted(state, e), "ls -ld " + state);
        }
    }

    private Finding missing(Path state) {
        var next = "mkdir -m 700 -p " + state;
        return mended(
                () -> isMade(state),
                Finding.warning(
                        SUBJECT, "state", state + " does not exist yet; the first start makes it", "this host", next),
                next);
    }

    /// What was done about it if it is to be done and works, else the finding.
    private Finding mended(BooleanSupplier mending, Finding finding, String done) {
        return fix && mending.getAsBoolean()
                ? Finding.ok(finding.subject(), finding.check(), "put right: " + done)
                : finding;
    }

    private static boolean isMade(Path directory) {
        try {
            Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(OURS));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isOurs(Path file, Set<PosixFilePermission> mode) {
        try {
            Files.setPosixFilePermissions(file, mode);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private Optional<Finding> secret(String kind, Path file) {
        if (!Files.exists(file)) return Optional.empty();
        try {
            return Optional.of(SecretFile.exposure(kind, file)
                    .map(exposure -> mended(
                            () -> isOurs(file, OURS_TO_READ),
                            Finding.fault(SUBJECT, kind, exposure.what(), "this host", exposure.nextStep()),
                            "chmod 600 " + file))
                    .orElseGet(() -> Finding.ok(SUBJECT, kind, file.toString())));
        } catch (IOException e) {
            return Optional.of(
                    Finding.unknown(SUBJECT, kind, "%s cannot be looked at: %s".formatted(file, e), "ls -l " + file));
        }
    }

    private List<Finding> doors(boolean runs) {
        var findings = new ArrayList<Finding>();
        settings.listen().socket().ifPresent(socket -> findings.add(socket(socket, runs)));
        settings.listen().ssh().ifPresent(address -> findings.add(port("listen.ssh", address, runs)));
        settings.listen().web().ifPresent(address -> findings.add(port("listen.web", address, runs)));
        return findings;
    }

    private Finding socket(Path socket, boolean runs) {
        if (!runs) return Finding.unknown(SUBJECT, "listen.socket", "no dispatcher runs", "start it");
        return Files.exists(socket)
                ? Finding.ok(SUBJECT, "listen.socket", socket.toString())
                : Finding.fault(
                        SUBJECT,
                        "listen.socket",
                        socket + " is not there, though the dispatcher runs",
                        "this host",
                        "systemctl restart dispatcher; keep other programs from removing files in "
                                + socket.getParent());
    }

    private Finding port(String key, HostAndPort address, boolean runs) {
        boolean open = accepts(address);
        if (open == runs)
            return runs
                    ? Finding.ok(SUBJECT, key, address + " takes connections")
                    : Finding.unknown(SUBJECT, key, "no dispatcher runs", "start it");
        return runs
                ? Finding.fault(
                        SUBJECT,
                        key,
                        address + " takes no connections, though the dispatcher runs",
                        settings.file().toString(),
                        "systemctl restart dispatcher   # the address may have been changed since its start")
                : Finding.fault(
                        SUBJECT,
                        key,
                        address + " is taken by another program",
                        settings.file().toString(),
                        "choose another port for %s, or see `ss -ltnp`".formatted(key));
    }

    private static boolean accepts(HostAndPort address) {
        var anywhere = new InetSocketAddress(address.host(), address.port());
        try (var socket = new Socket()) {
            socket.connect(
                    anywhere.getAddress() != null && anywhere.getAddress().isAnyLocalAddress()
                            ? new InetSocketAddress("localhost", address.port())
                            : anywhere,
                    (int) LIMIT.toMillis());
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private List<Finding> disk(String what, Path directory) throws InterruptedException {
        var there = directory;
        while (!Files.exists(there) && there.getParent() != null) there = there.getParent();
        var findings = new ArrayList<Finding>();
        try {
            long free = Files.getFileStore(there).getUsableSpace();
            var why = "%s free for %s".formatted(Sizes.show(free), directory);
            findings.add(
                    free < LITTLE_BYTES
                            ? Finding.fault(
                                    SUBJECT,
                                    "disk of " + what,
                                    why,
                                    "this host",
                                    "make room, or lower spool.size and records.keep in " + settings.file())
                            : Finding.ok(SUBJECT, "disk of " + what, why));
        } catch (IOException e) {
            findings.add(Finding.unknown(SUBJECT, "disk of " + what, e.toString(), "df " + there));
        }
        var inodes = MachineExam.inodes(
                programs.run(LIMIT, List.of("df", "-Pi", there.toString())).out());
        inodes.filter(percent -> percent >= FEW_PERCENT)
                .ifPresent(percent -> findings.add(Finding.fault(
                        SUBJECT,
                        "inodes of " + what,
                        "%d %% of the inodes are in use".formatted(percent),
                        "this host",
                        "remove small files on the disk of " + directory)));
        return findings;
    }
}
