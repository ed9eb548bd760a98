package dispatcher.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A machine of a fleet with [Fleet.Builder#ownNetworks] whose Nix is a client, too, of a dispatcher that listens for
/// SSH at [#SSH]. It logs in with the fleet's key.
final class MachineAsClient {
    /// Where such a dispatcher listens: at the fleet's hub, which all machines reach.
    static final String SSH = "10.77.0.254:2222";

    private static final String HOST = SSH.substring(0, SSH.indexOf(':'));
    private static final String PORT = SSH.substring(SSH.indexOf(':') + 1);

    private final Fleet.Machine machine;

    /// @param fleet the machine's
    MachineAsClient(Fleet fleet, Fleet.Machine machine) throws IOException, InterruptedException {
        this.machine = machine;
        Path home = machine.nix().resolveSibling("root").resolve(".ssh");
        Files.createDirectories(home);
        Files.copy(fleet.key(), home.resolve("key"));
        machine.run("chmod", "-R", "go-rwx", "/root/.ssh").orFail();
        Files.writeString(
                home.resolve("config"),
                "Host *\n  IdentityFile /root/.ssh/key\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  Port %s\n"
                        .formatted(PORT));
    }

    /// The value of Nix's `builders` that names the dispatcher.
    static String builders() {
        return "ssh-ng://%s x86_64-linux - 10".formatted(HOST);
    }

    /// The same for builds on one machine only.
    static String builders(Fleet.Machine only) {
        return "ssh-ng://machine+%s@%s x86_64-linux - 10".formatted(only.name(), HOST);
    }

    /// Has its Nix build a derivation through the dispatcher, and nowhere else.
    ///
    /// @param builders a value of Nix's `builders`
    Result build(String builders, String expression) throws IOException, InterruptedException {
        return machine.run(
                "env",
                "NIX_REMOTE=daemon",
                "nix-build",
                "--no-out-link",
                "--max-jobs",
                0,
                "--builders",
                builders,
                "--expr",
                expression);
    }

    /// The expression of a derivation that runs this script.
    static String derivation(String script) {
        return "derivation { name = \"x\"; system = \"x86_64-linux\"; builder = \"/bin/sh\"; args = [ \"-c\" \"%s\" ]; }"
                .formatted(script);
    }
}
