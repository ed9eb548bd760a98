package dispatcher.session;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildOptions;

/// How to build an output once more, if the machine that has it goes away before its client has it.
record Recipe(StorePath drvPath, BasicDerivation derivation, BuildOptions options) {}
