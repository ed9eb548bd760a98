# One derivation whose output is a folder, so that a path below it could be an output too.
{ salt }:
(import ./lib.nix).sh { name = "folder"; script = "mkdir -p $out; echo ${salt} > $out/file"; }
