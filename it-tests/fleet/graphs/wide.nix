# One derivation with n small inputs (4 KB each, as a source each).
{ salt, n ? "100" }:
let
  inherit (import ./lib.nix) sh number upTo;
  filler = builtins.concatStringsSep "" (builtins.genList (_: "0123456789abcdef") 256);
  sources = map (i: builtins.toFile "source-${toString i}" "${salt} ${toString i} ${filler}") (upTo (number n));
in sh { name = "wide"; inherit sources; script = "cat $sources | wc -c > $out"; }
