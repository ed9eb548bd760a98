package dispatcher.cli.join;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.cli.api.JoinRequest;
import dispatcher.cli.api.UnknownThingException;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.reload.ReloadOutcome;
import dispatcher.cli.reload.Reloader;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.Machine;
import dispatcher.machine.file.MachinesFile;
import dispatcher.text.Spelling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// Adds machines to the running dispatcher and removes them, by having the settings read again with them. What cannot
/// be put in force is undone.
///
/// Safe for any thread. One lock is held from the beginning of a change to its end, so that one comes after the other;
/// another is held for the table alone.
public final class Joining {
    /// In faults, in place of a file.
    private static final String PLACE = "dispatcher machine add %s";

    private final Supplier<Settings> settings;
    private final Supplier<Reloader> reloader;
    private final ReentrantLock changing = new ReentrantLock();
    private final ReentrantLock lock = new ReentrantLock();

    /// By name, machines that have no file.
    @GuardedBy("lock")
    private final Map<String, Entry> known = new LinkedHashMap<>();

    /// @param settings what is in force
    /// @param reloader reads the settings again, with [#machines]
    public Joining(Supplier<Settings> settings, Supplier<Reloader> reloader) {
        this.settings = settings;
        this.reloader = reloader;
    }

    /// Those that have no file, as such files would be.
    public List<MachinesFile.Source> machines() {
        lock.lock();
        try {
            return known.values().stream()
                    .map(entry -> new MachinesFile.Source(PLACE.formatted(entry.name()), 1, entry.yaml()))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.post(JoinRequest.ADD_PATH, request -> add(request.body(JoinRequest.class))),
                Endpoint.post(
                        JoinRequest.REMOVE_PATH,
                        request -> remove(request.body(JoinRequest.Leave.class).machine())));
    }

    private JoinRequest.Answer add(JoinRequest request) {
        var entry = Entry.of(request.machine());
        changing.lock();
        try {
            if (names().contains(entry.name()))
                throw new UserFacingException(
                        "cannot add " + entry.name(),
                        "there is a machine of that name",
                        "choose another name with --name, or remove that one first");
            return request.persist() ? addForGood(entry) : addForNow(entry);
        } finally {
            changing.unlock();
        }
    }

    private JoinRequest.Answer addForNow(Entry entry) {
        keep(entry);
        boolean added = false;
        try {
            var changes = reload("add", entry.name());
            added = true;
            return new JoinRequest.Answer(entry.name(), changes, Optional.empty());
        } finally {
            if (!added) {
                forget(entry.name());
                reloader.get().reload("%s is not added after all".formatted(entry.name()));
            }
        }
    }

    private JoinRequest.Answer addForGood(Entry entry) {
        var file = files().write(entry);
        boolean added = false;
        try {
            var changes = reload("add", entry.name());
            added = true;
            return new JoinRequest.Answer(entry.name(), changes, Optional.of(file.toString()));
        } finally {
            if (!added) {
                delete(entry.name(), file);
                reloader.get().reload("%s is not added after all".formatted(entry.name()));
            }
        }
    }

    private JoinRequest.Answer remove(String name) {
        changing.lock();
        try {
            var entry = forget(name);
            if (entry.isPresent()) return removeKnown(name, entry.get());
            var file = files().of(name);
            if (file.isPresent()) return removeFile(name, file.get());
            if (names().contains(name))
                throw new UserFacingException(
                        "cannot remove " + name,
                        "its entry is in %s, in a file that this names, or in a file with other machines"
                                .formatted(settings.get().file()),
                        "take the entry out there; to keep builds away meanwhile, `dispatcher drain %s`"
                                .formatted(name));
            throw new UnknownThingException(
                    "there is no machine " + name,
                    "the running dispatcher has none of that name" + Spelling.hint(name, names()),
                    "see `dispatcher machines`");
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot remove " + name, e.toString(), "see that the dispatcher's user can read machines.d", e);
        } finally {
            changing.unlock();
        }
    }

    private JoinRequest.Answer removeKnown(String name, Entry entry) {
        boolean removed = false;
        try {
            var changes = reload("remove", name);
            removed = true;
            return new JoinRequest.Answer(name, changes, Optional.empty());
        } finally {
            if (!removed) keep(entry);
        }
    }

    private JoinRequest.Answer removeFile(String name, Path file) throws IOException {
        var text = Files.readString(file);
        delete(name, file);
        boolean removed = false;
        try {
            var changes = reload("remove", name);
            removed = true;
            return new JoinRequest.Answer(name, changes, Optional.of(file.toString()));
        } finally {
            if (!removed) Files.writeString(file, text);
        }
    }

    private static void delete(String name, Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot remove the file of " + name,
                    e.toString(),
                    "remove it by hand; the dispatcher sees that by itself",
                    e);
        }
    }

    /// @return what that changed
    /// @throws UserFacingException if the settings cannot be read, or do not have what was wanted
    private List<String> reload(String what, String name) {
        return switch (reloader.get().reload("machine %s: %s".formatted(what, name))) {
            case ReloadOutcome.Refused(var why, var next, var _) ->
                throw new UserFacingException("cannot %s %s".formatted(what, name), why, next);
            case ReloadOutcome.Done(var changes, var _, var warnings) -> {
                if (names().contains(name) == what.equals("remove"))
                    throw new UserFacingException(
                            "cannot %s %s".formatted(what, name),
                            warnings.stream()
                                    .filter(fault -> isOf(fault, name))
                                    .map(Fault::toString)
                                    .findFirst()
                                    .orElse("the settings do not have it so"),
                            "correct that; the keys are in docs/SETTINGS.md");
                yield changes;
            }
        };
    }

    private static boolean isOf(Fault fault, String name) {
        return fault.file().equals(PLACE.formatted(name)) || fault.file().endsWith("/" + name + ".yaml");
    }

    private List<String> names() {
        return settings.get().machines().stream().map(Machine::name).toList();
    }

    private MachineFile files() {
        var file = settings.get().file();
        return new MachineFile(Optional.ofNullable(file.getParent()).orElse(file));
    }

    private void keep(Entry entry) {
        lock.lock();
        try {
            known.put(entry.name(), entry);
        } finally {
            lock.unlock();
        }
    }

    private Optional<Entry> forget(String name) {
        lock.lock();
        try {
            return Optional.ofNullable(known.remove(name));
        } finally {
            lock.unlock();
        }
    }
}
