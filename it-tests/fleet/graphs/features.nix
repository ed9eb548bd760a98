# A derivation that only a machine with all the given system features (separated by blanks) may build.
{ salt, features ? "benchmark" }:
(import ./lib.nix).sh {
  name = "features";
  requiredSystemFeatures = builtins.filter builtins.isString (builtins.split " +" features);
  script = "echo ${salt} > $out";
}
