package dispatcher.cli.web.page;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A page for people. Called by many threads at once; keeps nothing.
public interface Page {
    /// Such as `/machines`, or `/builds/{id}` with a parameter that the request has under that name.
    String path();

    /// What it is called in the navigation; empty if it is not there.
    default Optional<String> inNavigation() {
        return Optional.empty();
    }

    /// Scripts and styles that this page needs beside those of all pages.
    default List<Asset> assets() {
        return List.of();
    }

    /// Whether it is to follow what happens while a browser shows it.
    default boolean isLive() {
        return true;
    }

    /// What it shows now. Asked again and again while a browser shows it: what is the same then is not sent again, so
    /// times are to be shown by [Words#age] and the like, and not as texts that differ each second.
    ///
    /// @throws IllegalArgumentException if the request is wrong; its message says how
    /// @throws dispatcher.cli.terminal.UserFacingException if it cannot be shown
    Content content(PageRequest request) throws IOException, InterruptedException;
}
