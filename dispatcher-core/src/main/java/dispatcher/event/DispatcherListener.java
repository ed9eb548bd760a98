package dispatcher.event;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineDescription;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import java.time.Duration;
import java.util.Map;
import java.util.SortedSet;

/// What happens in the dispatcher, for logs, metrics, pages and tests. Called on the thread on which it happens, with
/// no lock held. An implementation must return soon and throw nothing.
///
/// Nesting: a client connects … leaves; inside, each build is requested, queued, alone, then assigned, its
/// inputs copied, ended, lost or moved; while it runs it may be doubled, once; a lost one is queued again
/// under the same number, unless its double goes on, and so is one that was moved; the last event of a build is
/// ended, refused, cancelled, shared, found or abandoned.
public interface DispatcherListener {
    /// Ignores every event.
    DispatcherListener NONE = new DispatcherListener() {};

    default void clientConnected(long client, String who) {}

    default void clientLeft(long client, String who) {}

    /// A client asks for a build; all other events of that build come later.
    ///
    /// @param build numbers builds from 1 in the life of the program
    default void buildRequested(long build, long client, StorePath drvPath, BasicDerivation derivation) {}

    default void buildQueued(
            long build, long client, StorePath drvPath, String platform, SortedSet<String> requiredFeatures) {}

    /// No equal build is under way any more, if there was one: from now on it waits for a machine, or its outputs
    /// are there. Comes once.
    ///
    /// @param waited for equal builds
    default void buildAlone(long build, StorePath drvPath, Duration waited) {}

    /// While a build waited, all machines that fit it were away, or its own was being started. Comes before the build
    /// is assigned, perhaps several times, and not at all if there was nothing of the kind.
    ///
    /// @param took part of what it waits for a machine
    default void buildHeldUp(long build, StorePath drvPath, Duration took) {}

    /// @param reason why this machine
    /// @param waited since it was queued
    default void buildAssigned(long build, StorePath drvPath, String machine, String reason, Duration waited) {}

    /// The build begins a second time on another machine, while it goes on where it is. The first attempt to end is
    /// the build's end; the other one reports nothing more, unless it is lost before that. No attempt is left when
    /// the end is reported.
    ///
    /// @param machine where it is begun
    /// @param slow    where it goes on
    /// @param reason  why
    default void buildDoubled(long build, StorePath drvPath, String machine, String slow, String reason) {}

    /// @param paths that were sent; 0 if the machine had all
    /// @param bytes of their NARs
    default void inputsCopied(long build, StorePath drvPath, String machine, int paths, long bytes, Duration took) {}

    /// An input that a client uploads, and the references of it that the machine lacked, are on a machine before any
    /// build was sent there for it. Called on a thread of its own.
    ///
    /// @param bytes of all NARs that were sent
    /// @param took  from the start of the upload
    default void inputSentEarly(long client, StorePath path, String machine, long bytes, Duration took) {}

    /// A build that runs takes more memory, all its processes together, than it did before.
    ///
    /// @param peakBytes the most so far
    default void memoryMeasured(long build, StorePath drvPath, String machine, long peakBytes) {}

    /// A build failed because the machine had no memory left. Comes before the build's end.
    ///
    /// @param evidence what the machine reports of it, in words
    default void memoryLacked(long build, StorePath drvPath, String machine, String evidence) {}

    /// These outputs are on the machine now. Comes before the build's end.
    ///
    /// @param outputs path to bytes of its NAR
    default void outputsMade(long build, StorePath drvPath, String machine, Map<StorePath, Long> outputs) {}

    /// The machine gave a result, good or bad.
    ///
    /// @param message of a build that failed; may have several lines
    /// @param took    on the machine, copying not counted
    default void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {}

    /// The machine, or the way to it, broke. The build goes to another machine if there is one.
    default void buildLost(long build, StorePath drvPath, String machine, String reason) {}

    /// An operator has the build leave a machine, with which nothing is wrong. It goes to another machine if there is
    /// one.
    ///
    /// @param by     who wants it
    /// @param reason that person's; may be empty
    default void buildMoved(long build, StorePath drvPath, String machine, String by, String reason) {}

    /// An operator ended the build, wherever it was; the client gets who it was, and the reason.
    ///
    /// @param by     who wants it
    /// @param reason that person's; may be empty
    default void buildCancelled(long build, StorePath drvPath, String by, String reason) {}

    /// No machine takes the build; the client gets the reason.
    default void buildRefused(long build, StorePath drvPath, String reason) {}

    /// It waited for an equal build, whose result is its own: a success, or a failure with its message.
    default void buildShared(long build, long client, StorePath drvPath, BuildStatus status, String message) {}

    /// Its outputs are on machines that have built it earlier.
    default void buildFound(long build, StorePath drvPath) {}

    /// The client left before the end, or a bug of ours ended it.
    default void buildAbandoned(long build, StorePath drvPath) {}

    /// A machine, or the way to it, broke. It gets no build until it has been found to work.
    default void machineSetAside(String machine, String reason) {}

    /// A machine that was set aside works.
    ///
    /// @param after for how long it was set aside
    default void machineBack(String machine, Duration after) {}

    /// A machine gets no more builds for now.
    ///
    /// @param why what was measured there
    default void machineUnderPressure(String machine, String why) {}

    /// Nothing that was measured speaks against a machine any more.
    default void machineHasRoom(String machine) {}

    /// A machine's own settings keep it from builds of one kind. Other builds of that kind go to other machines for
    /// now.
    ///
    /// @param need   which builds
    /// @param reason which setting it is, with the machine's own words
    /// @param until  for how long it is not asked for such a build, if there is another machine
    default void machineRefuses(String machine, String need, String reason, Duration until) {}

    /// A machine did a build of a kind that it had refused.
    default void machineRefusesNoLonger(String machine, String need) {}

    /// A machine has said what it is.
    ///
    /// @param machine as the settings have it
    default void machineDescribed(Machine machine, MachineDescription said) {}

    /// A machine could not be asked what it is, and gets no builds for that; said once for each reason.
    default void machineNotDescribed(String machine, String reason) {}

    /// The host's own store does not answer; its clients' inputs are uploaded instead.
    default void hostStoreFailed(String reason) {}

    /// An output went to a client.
    default void outputSent(long client, StorePath path, String from, long bytes, Duration took) {}

    /// The machine that has an output broke before the client, or a build that needs it, had it; it is built again.
    default void outputLost(long client, StorePath path, String reason) {}

    /// An output could not be handed out, or is not what its store says it is. The client has no whole NAR of it.
    default void outputFailed(long client, StorePath path, String from, String reason) {}
}
