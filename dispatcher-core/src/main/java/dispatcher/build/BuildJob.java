package dispatcher.build;

import dispatcher.machine.registry.Refusals;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildOptions;

/// What is to be built, the same on every machine.
///
/// @param environment shared by all attempts
/// @param number of the build in the life of the program, for listeners
/// @param asking whose it is
/// @param needs  what it needs of a machine's own settings
record BuildJob(
        BuildEnvironment environment,
        long number,
        StorePath drvPath,
        BasicDerivation derivation,
        BuildOptions options,
        Askers.Asking asking,
        Refusals.Needs needs) {}
