package dispatcher.machine;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What else there is to know for reaching the SSH server of a [MachineAddress].
///
/// @param sshConfig      files of the form of ssh_config, the first of which counts first; they decide what the
///                       settings leave open, and through which other hosts the way goes. Empty if none is read
/// @param statesPort     whether the settings name the port; otherwise those files may
/// @param statesUser     the same of the user
/// @param passphraseFile what the private key is encrypted with is in it
/// @param dialsIn        the key, `<type> <base 64>`, with which the machine connects to us; its SSH server is then
///                       reached through that connection, and never by its host name
public record Reach(
        List<Path> sshConfig,
        boolean statesPort,
        boolean statesUser,
        Optional<Path> passphraseFile,
        Optional<String> dialsIn) {
    /// By the address alone.
    public static final Reach DIRECT = new Reach(List.of(), true, true, Optional.empty(), Optional.empty());

    public Reach {
        sshConfig = List.copyOf(sshConfig);
    }

    /// The same with these files; none if the machine connects to us.
    public Reach withSshConfig(List<Path> files) {
        return new Reach(dialsIn.isPresent() ? List.of() : files, statesPort, statesUser, passphraseFile, dialsIn);
    }

    /// By the address alone in what the settings leave open.
    public static Reach stating(boolean port, boolean user) {
        return new Reach(List.of(), port, user, Optional.empty(), Optional.empty());
    }
}
