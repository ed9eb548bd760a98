package dispatcher.state;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileOwnerAttributeView;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Files in the directories of the dispatcher, which commands may make before it runs.
public final class StateFiles {
    private static final Logger log = LoggerFactory.getLogger(StateFiles.class);

    private StateFiles() {}

    /// Gives a new file to the owner of its directory: a command that root runs must not keep the dispatcher's own
    /// user from its state. Does nothing for other users, who cannot give files away. It is the
    /// symbolic link that goes, not what it leads to.
    ///
    /// @throws IOException if the owners cannot be looked at
    public static void giveToOwnerOfDirectory(Path file) throws IOException {
        var directory = file.toAbsolutePath().normalize().getParent();
        if (directory == null) return;
        var owner = Files.getOwner(directory);
        var view = Files.getFileAttributeView(file, FileOwnerAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        if (view.getOwner().equals(owner)) return;
        try {
            view.setOwner(owner);
        } catch (IOException e) {
            log.atDebug().log("{} does not go to {}, who has its directory: {}", file, owner, e.toString());
        }
    }
}
