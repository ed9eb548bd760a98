package dispatcher.access;

import java.util.Optional;
import java.util.regex.Pattern;

/// How a client names the one machine that all its builds are to go to: over SSH, it logs in as `machine+<name>`.
///
/// A plain name would be that of a login or of a person now and then, who would then get that machine without having
/// asked for it. No system makes logins with a `+`.
public final class MachineChoice {
    private static final String PREFIX = "machine+";

    /// What every version of Nix, its URIs, ssh and a shell pass on as it is.
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    private MachineChoice() {}

    /// The name of the machine; empty if that login does not choose one.
    public static Optional<String> ofLogin(String login) {
        return login.startsWith(PREFIX) ? Optional.of(login.substring(PREFIX.length())) : Optional.empty();
    }

    /// The login that chooses the machine.
    public static String login(String machine) {
        return PREFIX + machine;
    }

    /// Whether the name can stand in a store URI, in a command and in a login.
    public static boolean canBeNamed(String machine) {
        return PLAIN.matcher(machine).matches();
    }
}
