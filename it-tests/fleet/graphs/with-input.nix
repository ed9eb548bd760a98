# n derivations with the same store path and its closure as input; they do nothing with it. `features` is what they require.
{ salt, source, n ? "1", features ? "" }:
let inherit (import ./lib.nix) sh number upTo;
in map (i: sh {
  name = "with-input-${toString i}";
  requiredSystemFeatures = features;
  source = builtins.storePath source;
  script = "test -e $source; echo ${salt} ${toString i} > $out";
}) (upTo (number n))
