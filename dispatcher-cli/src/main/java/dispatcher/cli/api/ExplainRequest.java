package dispatcher.cli.api;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// Which machine a build would go to, and why.
///
/// @param drv        the name of its store path, such as `<hash>-hello-1.drv`; empty if it is about any derivation
///                   of that system
/// @param name       without `drv`: what such builds are called, such as `hello-1`, if that matters
/// @param derivation the text of a `.drv` file that names no other derivations, in Base64
/// @param unread     inputs that are missing there, since their paths are not known
/// @param resources  what it takes of them, in place of what the settings say
public record ExplainRequest(
        Optional<String> drv, Optional<String> name, String derivation, int unread, SortedMap<String, Long> resources) {
    public static final String PATH = "/api/v1/explain";

    public ExplainRequest {
        resources = Collections.unmodifiableSortedMap(new TreeMap<>(resources));
    }
}
