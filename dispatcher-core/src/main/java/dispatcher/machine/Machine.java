package dispatcher.machine;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// A build machine as the settings describe it: where it is and what it may be given.
///
/// @param name              shown everywhere, and unique in the fleet
/// @param address           where it is reached, and under which user name
/// @param protocol          what is spoken over SSH
/// @param remoteProgram     words of the program that speaks it there, with what stands before it, such as
///                          `sudo -n nix-daemon`; empty for the one on the path of that login
/// @param systems           platforms that it builds for, e.g. `x86_64-linux`
/// @param maxJobs           builds at once; 0 means that it is never chosen
/// @param speedFactor       relative to the others, above 0
/// @param supportedFeatures what a derivation may require of it, beside the mandatory ones
/// @param mandatoryFeatures what a derivation must require to be given to it
/// @param compression       of the bytes on the way to it and from it; by itself where the link is slow
/// @param substitution      whether it fetches inputs from its own substituters; by itself if the client wants it so
/// @param resources         what builds share while they run there, by name: [#MEMORY] in bytes, others by count
/// @param onDemand          if it is started before builds and stopped when nobody needs it
/// @param unstated          what the settings leave to the machine to say: what is here in its place counts until then,
///                          and is what the machine said afterwards
public record Machine(
        String name,
        MachineAddress address,
        MachineProtocol protocol,
        List<String> remoteProgram,
        SortedSet<String> systems,
        int maxJobs,
        double speedFactor,
        SortedSet<String> supportedFeatures,
        SortedSet<String> mandatoryFeatures,
        Choice compression,
        Choice substitution,
        SortedMap<String, Long> resources,
        Optional<OnDemand> onDemand,
        Set<Trait> unstated) {
    /// The resource that every machine has, declared or not.
    public static final String MEMORY = "memory";

    /// No machine gets more builds at once because it says that it has more processors.
    private static final int MOST_JOBS_SAID = 1024;

    public Machine {
        if (name.isBlank()) throw new IllegalArgumentException("a machine has a name");
        unstated = Set.copyOf(unstated);
        if (systems.isEmpty() && !unstated.contains(Trait.SYSTEMS))
            throw new IllegalArgumentException("machine " + name + " builds for no system");
        if (maxJobs < 0) throw new IllegalArgumentException("maxJobs " + maxJobs + " of " + name + " is negative");
        if (!(speedFactor > 0) || Double.isInfinite(speedFactor))
            throw new IllegalArgumentException("speedFactor " + speedFactor + " of " + name + " is not above 0");
        remoteProgram = List.copyOf(remoteProgram);
        systems = copy(systems);
        supportedFeatures = copy(supportedFeatures);
        mandatoryFeatures = copy(mandatoryFeatures);
        resources = Collections.unmodifiableSortedMap(new TreeMap<>(resources));
    }

    /// One that is always on, with Nix's own program there, compression and substitution where they are of use, and
    /// no resources declared.
    public Machine(
            String name,
            MachineAddress address,
            MachineProtocol protocol,
            SortedSet<String> systems,
            int maxJobs,
            double speedFactor,
            SortedSet<String> supportedFeatures,
            SortedSet<String> mandatoryFeatures) {
        this(
                name,
                address,
                protocol,
                List.of(),
                systems,
                maxJobs,
                speedFactor,
                supportedFeatures,
                mandatoryFeatures,
                Choice.AUTO,
                Choice.AUTO,
                new TreeMap<>(),
                Optional.empty(),
                Set.of());
    }

    /// One of which all is stated.
    public Machine(
            String name,
            MachineAddress address,
            MachineProtocol protocol,
            List<String> remoteProgram,
            SortedSet<String> systems,
            int maxJobs,
            double speedFactor,
            SortedSet<String> supportedFeatures,
            SortedSet<String> mandatoryFeatures,
            Choice compression,
            Choice substitution,
            SortedMap<String, Long> resources,
            Optional<OnDemand> onDemand) {
        this(
                name,
                address,
                protocol,
                remoteProgram,
                systems,
                maxJobs,
                speedFactor,
                supportedFeatures,
                mandatoryFeatures,
                compression,
                substitution,
                resources,
                onDemand,
                Set.of());
    }

    /// Whether it is known what it builds for; if not, it gets no builds.
    public boolean isDescribed() {
        return !systems.isEmpty();
    }

    /// The same with what it says of itself where the settings say nothing. Nothing changes where it does not say it.
    public Machine describedBy(MachineDescription said) {
        if (unstated.isEmpty()) return this;
        var memory = new TreeMap<>(resources);
        if (unstated.contains(Trait.MEMORY)) said.memory().ifPresent(bytes -> memory.put(MEMORY, bytes));
        return new Machine(
                name,
                address,
                protocol,
                remoteProgram,
                unstated.contains(Trait.SYSTEMS) ? said.systems().orElse(systems) : systems,
                unstated.contains(Trait.MAX_JOBS)
                        ? Math.clamp(said.cores().orElse(maxJobs), 1, MOST_JOBS_SAID)
                        : maxJobs,
                speedFactor,
                unstated.contains(Trait.FEATURES) ? said.features().orElse(supportedFeatures) : supportedFeatures,
                mandatoryFeatures,
                compression,
                substitution,
                memory,
                onDemand,
                unstated);
    }

    public Machine withResources(SortedMap<String, Long> newResources) {
        return with(name, address, newResources, onDemand);
    }

    public Machine withAddress(MachineAddress newAddress) {
        return with(name, newAddress, resources, onDemand);
    }

    public Machine withOnDemand(OnDemand newOnDemand) {
        return with(name, address, resources, Optional.of(newOnDemand));
    }

    /// The same under another name.
    public Machine named(String newName) {
        return with(newName, address, resources, onDemand);
    }

    private Machine with(
            String newName,
            MachineAddress newAddress,
            SortedMap<String, Long> newResources,
            Optional<OnDemand> newOnDemand) {
        return new Machine(
                newName,
                newAddress,
                protocol,
                remoteProgram,
                systems,
                maxJobs,
                speedFactor,
                supportedFeatures,
                mandatoryFeatures,
                compression,
                substitution,
                newResources,
                newOnDemand,
                unstated);
    }

    /// What is to be run there to speak the protocol.
    public String command() {
        return protocol.command(remoteProgram);
    }

    private static SortedSet<String> copy(Set<String> set) {
        return Collections.unmodifiableSortedSet(new TreeSet<>(set));
    }
}
