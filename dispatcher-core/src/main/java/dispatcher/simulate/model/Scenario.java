package dispatcher.simulate.model;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/// All input of a simulation: which client wants which build when, and which machines there are.
///
/// @param name    for people
/// @param clients in the order in which they come first where nothing else decides
/// @param hosts   in the order of the settings
/// @param paths   bytes of each path's NAR, of those that are inputs and no output of a build
/// @param jobs    in the order in which the clients think of them
/// @param uplink  bytes per second to all machines together; empty for as many as the machines take
public record Scenario(
        String name,
        List<Client> clients,
        List<Host> hosts,
        SortedMap<String, Long> paths,
        List<Job> jobs,
        List<Outage> outages,
        OptionalDouble uplink) {

    /// @throws IllegalArgumentException if a name is there twice or not at all, or builds need each other in a circle
    public Scenario {
        clients = List.copyOf(clients);
        hosts = List.copyOf(hosts);
        paths = Collections.unmodifiableSortedMap(new TreeMap<>(paths));
        jobs = List.copyOf(jobs);
        outages = List.copyOf(outages);
        if (hosts.isEmpty()) throw new IllegalArgumentException("no machine");
        if (jobs.isEmpty()) throw new IllegalArgumentException("no build");
        if (uplink.isPresent() && !(uplink.getAsDouble() > 0))
            throw new IllegalArgumentException("uplink is not above 0");
        var clientNames = unique("client", clients, Client::name);
        var hostNames = unique("machine", hosts, Host::name);
        var ids = unique("build", jobs, Job::id);
        for (var job : jobs) {
            require(clientNames.contains(job.client()), "build", job.id(), "client", job.client());
            for (var need : job.needs()) require(ids.contains(need), "build", job.id(), "build", need);
            for (var input : job.inputs()) require(paths.containsKey(input), "build", job.id(), "path", input);
        }
        for (var host : hosts)
            for (var path : host.holds()) require(paths.containsKey(path), "machine", host.name(), "path", path);
        for (var outage : outages)
            require(hostNames.contains(outage.machine()), "an outage", "", "machine", outage.machine());
        Order.of(jobs);
    }

    private static <T> Set<String> unique(String what, List<T> all, Function<T, String> name) {
        var names = new HashSet<String>();
        for (var one : all)
            if (!names.add(name.apply(one)))
                throw new IllegalArgumentException("%s '%s' is there twice".formatted(what, name.apply(one)));
        return names;
    }

    private static void require(boolean known, String what, String who, String kind, String name) {
        if (!known)
            throw new IllegalArgumentException("%s %s names %s '%s', which is nowhere"
                    .formatted(what, who, kind, name)
                    .replace("  ", " "));
    }
}
