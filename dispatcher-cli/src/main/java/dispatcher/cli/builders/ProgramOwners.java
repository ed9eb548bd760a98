package dispatcher.cli.builders;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/// Finds out who could change a program before it is run: who owns the file, the directories above it and the
/// symbolic links on the way, and who else may write there.
///
/// @param user the number of the user that is trusted beside root, or root's own
public record ProgramOwners(int user) {
    static final int ROOT = 0;
    private static final int MOST_LINKS = 40;
    private static final int TYPE = 0170000;
    private static final int LINK = 0120000;
    private static final int STICKY = 01000;
    private static final int GROUP_WRITES = 020;
    private static final int OTHERS_WRITE = 02;

    /// Others could change what a path leads to.
    ///
    /// @param place the file, directory or link that is at fault
    /// @param why   a sentence about it, for people
    public record Exposure(Path place, String why) {}

    private record Entry(Path path, int mode, int owner, int group) {
        boolean isLink() {
            return (mode & TYPE) == LINK;
        }

        boolean may(int bits) {
            return (mode & bits) != 0;
        }
    }

    static ProgramOwners of(int user) {
        return new ProgramOwners(user);
    }

    /// For the user who runs this process.
    ///
    /// @throws IOException if the system does not say who that is
    static ProgramOwners ofThisProcess() throws IOException {
        return new ProgramOwners((int) Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    }

    boolean isRoot() {
        return user == ROOT;
    }

    /// The first place on the way to `program` where somebody who is neither root nor the user could change it;
    /// empty if there is none.
    ///
    /// @param program absolute
    Optional<Exposure> exposure(Path program) {
        try {
            return walk(program, 0);
        } catch (IOException e) {
            return Optional.of(new Exposure(program, "it cannot be looked at (%s)".formatted(e)));
        }
    }

    /// Each directory that it has been through is no link, so that `..` is the one above.
    private Optional<Exposure> walk(Path path, int links) throws IOException {
        if (links > MOST_LINKS) throw new IOException("too many symbolic links");
        var at = path.getRoot();
        var found = fault(entry(at));
        for (int i = 0; i < path.getNameCount() && found.isEmpty(); i++) {
            var name = path.getName(i).toString();
            if (name.equals(".")) continue;
            if (name.equals("..")) {
                at = Optional.ofNullable(at.getParent()).orElse(at);
                continue;
            }
            var entry = entry(at.resolve(name));
            found = fault(entry);
            if (found.isEmpty() && entry.isLink()) {
                var target = at.resolve(Files.readSymbolicLink(entry.path()));
                boolean last = i + 1 == path.getNameCount();
                return walk(last ? target : target.resolve(path.subpath(i + 1, path.getNameCount())), links + 1);
            }
            at = entry.path();
        }
        return found;
    }

    private static Entry entry(Path path) throws IOException {
        return new Entry(path, number(path, "unix:mode"), number(path, "unix:uid"), number(path, "unix:gid"));
    }

    private static int number(Path path, String attribute) throws IOException {
        return (int) Files.getAttribute(path, attribute, LinkOption.NOFOLLOW_LINKS);
    }

    /// In a directory with the sticky bit, such as /tmp, everybody may write, and nobody can change what is
    /// another's.
    private Optional<Exposure> fault(Entry entry) throws IOException {
        var path = entry.path();
        if (entry.owner() != ROOT && entry.owner() != user)
            return fault(path, "%s belongs to the user %s".formatted(path, name(path, "posix:owner")));
        if (entry.isLink() || entry.may(STICKY)) return Optional.empty();
        if (entry.may(OTHERS_WRITE)) return fault(path, "everybody can write to " + path);
        if (entry.may(GROUP_WRITES) && entry.group() != ROOT)
            return fault(path, "the group %s can write to %s".formatted(name(path, "posix:group"), path));
        return Optional.empty();
    }

    private static Optional<Exposure> fault(Path path, String why) {
        return Optional.of(new Exposure(path, why));
    }

    private static String name(Path path, String attribute) throws IOException {
        return Files.getAttribute(path, attribute, LinkOption.NOFOLLOW_LINKS).toString();
    }
}
