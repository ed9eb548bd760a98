package dispatcher.cli.builders;

import dispatcher.machine.PublicHostKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// Entries for Nix's `builders`: see [dispatcher.machine.file.MachinesFile] for the format.
public final class BuildersLine {
    private static final int SPEED_FACTOR = 1;

    private BuildersLine() {}

    /// Equal entries, as many as wanted, which Nix takes for different machines: it lets one build at a time send
    /// its inputs to a machine, and knows machines by the text of their URIs. They differ in `priority`, which
    /// matters only to stores that are substituted from.
    ///
    /// @param uri     of the store, with or without parameters
    /// @param hostKey of an SSH server
    /// @param count   1 or more
    public static List<String> entries(String uri, Offer offer, Optional<PublicHostKey> hostKey, int count) {
        var entries = new ArrayList<String>();
        for (int lane = 1; lane <= count; lane++) {
            var lanes = lane == 1 ? "" : (uri.contains("?") ? "&" : "?") + "priority=" + lane;
            entries.add(entry(uri + lanes, offer, hostKey));
        }
        return entries;
    }

    private static String entry(String uri, Offer offer, Optional<PublicHostKey> hostKey) {
        return String.join(
                " ",
                uri,
                list(offer.systems()),
                "-",
                Integer.toString(offer.maxJobs()),
                Integer.toString(SPEED_FACTOR),
                list(offer.supportedFeatures()),
                list(offer.mandatoryFeatures()),
                hostKey.map(PublicHostKey::encodedLine).orElse("-"));
    }

    private static String list(Collection<String> names) {
        return names.isEmpty() ? "-" : String.join(",", names);
    }
}
