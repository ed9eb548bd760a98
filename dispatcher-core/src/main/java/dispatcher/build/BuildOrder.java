package dispatcher.build;

import dispatcher.access.ClientIdentity;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;

/// A client's request for one build, with all that the build needs of the client.
///
/// @param client       that asks
/// @param clientNumber of its conversation, for listeners
/// @param drvPath      of the derivation
/// @param derivation   what to build
/// @param options      limits and mode
/// @param inputs       where inputs come from; used by the build alone until that has ended
/// @param outputs      asked before anything is built
/// @param log          of the client; written on the thread that asks
public record BuildOrder(
        ClientIdentity client,
        long clientNumber,
        StorePath drvPath,
        BasicDerivation derivation,
        BuildOptions options,
        BuildInputs inputs,
        OutputLookup outputs,
        BuildLog log) {}
