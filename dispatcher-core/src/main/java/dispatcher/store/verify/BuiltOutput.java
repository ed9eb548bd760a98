package dispatcher.store.verify;

import dispatcher.nix.ByteString;
import dispatcher.nix.PathInfo;
import java.util.Optional;

/// A path that a build has made, still on its machine.
///
/// @param info as the machine reported it, found to be possible; it may not report another one later
/// @param nar  all of it, found to be what `info` says, if it is small
public record BuiltOutput(PathInfo info, Optional<ByteString> nar) {}
