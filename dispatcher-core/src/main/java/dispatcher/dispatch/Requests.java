package dispatcher.dispatch;

import dispatcher.fleet.Machine;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.DerivationAttributes;
import dispatcher.nix.PackageName;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientIdentity;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Client;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.Inputs;
import dispatcher.store.Locations;
import dispatcher.store.PathSizes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Puts together what the scheduler is to know of a build, from what is known without asking anybody. Safe for any
/// thread.
final class Requests {
    /// Of its inputs, only the largest say much about where it is best built.
    private static final int MOST_INPUTS = 64;

    /// Machines that hold much, of which the scheduler is told.
    private static final int MOST_MACHINES = 4;

    private final Expectations expectations;
    private volatile ResourceRules rules;
    private final Locations locations;
    private final PathSizes sizes;

    Requests(Expectations expectations, ResourceRules rules, Locations locations, PathSizes sizes) {
        this.expectations = expectations;
        this.rules = rules;
        this.locations = locations;
        this.sizes = sizes;
    }

    /// For builds that come from now on.
    void changeRules(ResourceRules newRules) {
        rules = newRules;
    }

    /// @param machines all there are
    /// @throws dispatcher.nix.NixSyntaxException if attributes of the derivation cannot be read
    BuildRequest of(
            StorePath drvPath, BasicDerivation derivation, ClientIdentity client, Collection<Machine> machines) {
        var attributes = DerivationAttributes.of(derivation);
        var plain = new BuildRequest(drvPath, derivation.platform(), attributes.requiredSystemFeatures())
                .withClient(new Client(
                        shareOf(client),
                        client.grant().priority(),
                        client.grant().maxBuilds().orElse(Integer.MAX_VALUE)))
                .withWork(expectations.work(PackageName.of(drvPath, derivation), derivation.platform()))
                .withInputs(inputs(derivation.inputSources()));
        return plain.withResources(resources(plain, derivation, machines));
    }

    /// Connections of one user, or of one key, share one share.
    private static String shareOf(ClientIdentity client) {
        return client.local() ? client.name() : "%s (%s)".formatted(client.name(), client.credential());
    }

    /// What the settings say; and memory as learned, but never so much that no machine is left for it.
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

    private record Sized(StorePath path, long bytes) {}

    /// What is known of inputs now.
    Inputs inputs(Collection<StorePath> paths) {
        long bytes = 0;
        var sized = new ArrayList<Sized>();
        for (var path : paths) {
            var size = sizes.of(path);
            if (size.isEmpty()) continue;
            bytes += size.getAsLong();
            sized.add(new Sized(path, size.getAsLong()));
        }
        sized.sort(Comparator.comparingLong(Sized::bytes).reversed());
        var present = new HashMap<String, Long>();
        for (var input : sized.subList(0, Math.min(MOST_INPUTS, sized.size())))
            for (var machine : locations.of(input.path())) present.merge(machine, input.bytes(), Long::sum);
        return new Inputs(
                bytes,
                present.entrySet().stream()
                        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                        .limit(MOST_MACHINES)
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }
}
