package dispatcher.cli.init;

import dispatcher.cli.doctor.Programs;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.PublicHostKey;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Asks hosts for their keys, and a person whether these are right.
///
/// @param accept whether all are taken without asking
record HostKeyScan(Programs programs, Asker asker, boolean accept) {
    private static final Duration LIMIT = Duration.ofSeconds(15);
    private static final List<String> BEST_FIRST = List.of("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa");

    /// The key of a host, once somebody has said that it is right.
    ///
    /// @throws UserFacingException if it has none, or nobody says so
    PublicHostKey confirmed(MachineEntry machine) throws InterruptedException {
        var key = scan(machine);
        if (accept) return key;
        var answer = asker.ask(
                "%s shows the host key %s %s\nIs that its key (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` there)? yes or no:"
                        .formatted(machine.host(), key.type(), key.fingerprint()));
        if (answer.filter(text -> text.equalsIgnoreCase("yes") || text.equalsIgnoreCase("y"))
                .isPresent()) return key;
        throw new UserFacingException(
                "the host key of %s is not confirmed".formatted(machine.host()),
                "it shows %s %s".formatted(key.type(), key.fingerprint()),
                answer.isPresent()
                        ? "find out why it shows another key than expected"
                        : "compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` there; if it is right, run this again"
                                + " with --accept-host-keys");
    }

    private PublicHostKey scan(MachineEntry machine) throws InterruptedException {
        var ran = programs.run(
                LIMIT,
                List.of("ssh-keyscan", "-T", "10", "-p", Integer.toString(machine.port()), "--", machine.host()));
        var keys = ran.out()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split(" ", 2))
                .filter(words -> words.length == 2)
                .map(words -> PublicHostKey.parse(words[1]))
                .toList();
        Optional<PublicHostKey> best = BEST_FIRST.stream()
                .flatMap(type -> keys.stream().filter(key -> key.type().equals(type)))
                .findFirst()
                .or(() -> keys.stream().findFirst());
        return best.orElseThrow(() -> new UserFacingException(
                "cannot get the host key of %s at port %d".formatted(machine.host(), machine.port()),
                "`ssh-keyscan` got none"
                        + (ran.err().isBlank() ? "" : ": " + ran.err().strip()),
                "see that its name and port are right and that its sshd runs"));
    }
}
