# One derivation that does nothing.
{ salt }:
(import ./lib.nix).sh { name = "one"; script = "echo ${salt} > $out"; }
