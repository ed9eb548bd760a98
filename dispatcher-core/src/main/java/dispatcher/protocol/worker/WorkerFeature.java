package dispatcher.protocol.worker;

import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// What both ends of the worker protocol may agree on from 1.38 on, beside the version.
public enum WorkerFeature {
    /// Realisations are named by the path of the derivation and not by its hash (Nix 2.35).
    REALISATION_WITH_PATH("realisation-with-path-not-hash"),
    /// Many temporary roots in one request (Determinate Nix 3.22).
    ADD_TEMP_ROOTS("addTempRoots"),
    /// Many path infos in one request (Determinate Nix 3.22).
    QUERY_PATH_INFOS("queryPathInfos");

    private final String nixName;

    WorkerFeature(String nixName) {
        this.nixName = nixName;
    }

    /// Those of `features` that the other side has too.
    ///
    /// @param theirs names; those that are not known are skipped
    static Set<WorkerFeature> common(Set<WorkerFeature> features, Collection<String> theirs) {
        var common = EnumSet.noneOf(WorkerFeature.class);
        for (var feature : features) if (theirs.contains(feature.nixName)) common.add(feature);
        return Collections.unmodifiableSet(common);
    }

    /// As they go over the wire.
    static List<String> names(Set<WorkerFeature> features) {
        return features.stream().map(feature -> feature.nixName).sorted().toList();
    }
}
