# A fixed output that mentions another store path, which no version of Nix lets it. mode: recursive or flat.
{ salt, mode ? "recursive" }:
let
  inherit (import ./lib.nix) sh;
in sh {
  name = "fixed-reference-${salt}";
  # Always the same path, from which the hashes below follow.
  input = builtins.toFile "fixed-reference-input" "x";
  outputHashMode = mode;
  outputHashAlgo = "sha256";
  outputHash =
    if mode == "flat" then "1kc0x2rf0zf1g085xkj1mzypky6h8m44djn36zk0sdyp34rc2m76"
    else "1l6y08wqczf3fjy5fmy5qiy2q02nah5ii2js7v3gd3pwmdq4ivkb";
  script = "echo $input > $out";
}
