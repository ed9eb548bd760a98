package dispatcher.cli.web.page;

import dispatcher.cli.web.html.Html;

/// Where pages are that others lead to.
public final class Links {
    public static final String BUILDS = "/builds";

    private Links() {}

    public static Html machine(String name) {
        return Words.link("/machines/" + PageRequest.encode(name), name);
    }

    /// The page of one build.
    public static String build(long id) {
        return BUILDS + "/" + id;
    }

    /// The page of the newest build of a derivation.
    ///
    /// @param drv name of its store path, perhaps with the directory
    public static String build(String drv) {
        return BUILDS + "/" + PageRequest.encode(drv.substring(drv.lastIndexOf('/') + 1));
    }
}
