package dispatcher.dispatch;

import java.io.IOException;

/// An output refers to a path that the build itself had made by Nix on its machine, with the feature `recursive-nix`.
/// That path is none of the outputs, which are all that a client fetches.
final class MadeInBuildException extends IOException {
    private static final long serialVersionUID = 1L;

    MadeInBuildException(String what) {
        super(what);
    }
}
