package dispatcher.store.verify;

import java.io.IOException;

/// An output refers to more paths that the build itself had made by Nix on its machine, with the feature
/// `recursive-nix`, than clients can be given.
public final class MadeInBuildException extends IOException {
    private static final long serialVersionUID = 1L;

    MadeInBuildException(String what) {
        super(what);
    }
}
