package dispatcher.build.request;

import dispatcher.access.ClientIdentity;
import dispatcher.machine.Machine;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StorePath;
import dispatcher.nix.attributes.DerivationAttributes;
import dispatcher.nix.attributes.PackageName;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Client;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.Inputs;
import dispatcher.store.Locations;
import dispatcher.store.PathSizes;
import java.util.Collection;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// Puts together what the scheduler is to know of a build, from what is known here, without I/O. Safe for any
/// thread.
public final class BuildRequestFactory {
    private static final int LONGEST_WORD = 256;
    private static final int MOST_WORDS = 256;

    private final Expectations expectations;
    private volatile ResourceRules rules;
    private final Locations locations;
    private final PathSizes sizes;

    /// @param locations which machine holds what
    /// @param sizes     of inputs
    public BuildRequestFactory(Expectations expectations, ResourceRules rules, Locations locations, PathSizes sizes) {
        this.expectations = expectations;
        this.rules = rules;
        this.locations = locations;
        this.sizes = sizes;
    }

    /// For builds that come from now on.
    public void changeRules(ResourceRules newRules) {
        rules = newRules;
    }

    /// @param machines all there are
    /// @throws dispatcher.nix.NixSyntaxException if attributes of the derivation cannot be read
    public BuildRequest of(
            StorePath drvPath, BasicDerivation derivation, ClientIdentity client, Collection<Machine> machines) {
        var asking = new Client(
                shareOf(client),
                client.grant().priority(),
                client.grant().maxBuilds().orElse(Integer.MAX_VALUE));
        return of(drvPath, derivation, asking, client.machine(), Optional.of(client.origin()), machines);
    }

    /// The same for a build that no client has asked for yet.
    ///
    /// @throws dispatcher.nix.NixSyntaxException if attributes of the derivation cannot be read
    public Prospect prospect(StorePath drvPath, BasicDerivation derivation, Collection<Machine> machines) {
        var inputs = derivation.inputSources();
        int unknown = Math.toIntExact(
                inputs.stream().filter(path -> sizes.of(path).isEmpty()).count());
        return new Prospect(
                of(drvPath, derivation, Client.ANYBODY, Optional.empty(), Optional.empty(), machines),
                inputs.size(),
                unknown);
    }

    /// @param chosen by the client, which counts before what the derivation says
    /// @param origin of the client
    private BuildRequest of(
            StorePath drvPath,
            BasicDerivation derivation,
            Client client,
            Optional<String> chosen,
            Optional<String> origin,
            Collection<Machine> machines) {
        var attributes = DerivationAttributes.of(derivation);
        requireShort("system", derivation.platform());
        var features = attributes.requiredSystemFeatures();
        for (var feature : features) requireShort("required feature", feature);
        if (features.size() > MOST_WORDS)
            throw NixSyntaxException.of(
                    "list of required features",
                    features.first(),
                    "%d are more than %d".formatted(features.size(), MOST_WORDS));
        var machine = chosen.or(attributes::machine);
        machine.ifPresent(name -> requireShort("machine", name));
        var plain = new BuildRequest(drvPath, derivation.platform(), features)
                .withMachine(machine)
                .withClient(client)
                .withWork(expectations.work(PackageName.of(drvPath, derivation), derivation.platform(), origin))
                .withInputs(located(largest(derivation.inputSources())));
        return plain.withResources(resources(plain, derivation, machines));
    }

    /// Keeps short what is remembered of builds, logged, and compared with machines, regardless of what clients ask
    /// for.
    private static void requireShort(String what, String word) {
        if (word.length() > LONGEST_WORD)
            throw NixSyntaxException.of(
                    what,
                    word.substring(0, 32) + "…",
                    "it has %d characters, more than %d".formatted(word.length(), LONGEST_WORD));
    }

    /// Connections of one user, or of one key, share one share.
    private static String shareOf(ClientIdentity client) {
        return client.local() ? client.name() : "%s (%s)".formatted(client.name(), client.credential());
    }

    /// What the settings say, and memory as learned, limited so that a machine is left for the build.
    private SortedMap<String, Long> resources(
            BuildRequest request, BasicDerivation derivation, Collection<Machine> machines) {
        var taken = new TreeMap<>(rules.of(request.drvPath(), derivation));
        var peak = expectations.peakMemory(PackageName.of(request.drvPath(), derivation), request.platform());
        if (taken.containsKey(Machine.MEMORY) || peak.isEmpty()) return taken;
        long largest = 0;
        for (var machine : machines)
            if (Fitness.objection(machine, request).isEmpty())
                largest = Math.max(largest, machine.resources().getOrDefault(Machine.MEMORY, 0L));
        if (largest > 0) taken.put(Machine.MEMORY, Math.min(largest, peak.getAsLong()));
        return taken;
    }

    /// What of a build's inputs is looked up anew while it waits. Cost: one look at each.
    public LargestInputs largest(Collection<StorePath> inputs) {
        return LargestInputs.of(inputs, sizes);
    }

    /// Where they are known to be now. Does no I/O.
    public Inputs located(LargestInputs inputs) {
        return inputs.located(locations);
    }
}
