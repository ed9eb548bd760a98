# n derivations that do nothing, independent of one another. Another salt makes them new, as in all graphs here.
{ salt, n ? "40" }:
let inherit (import ./lib.nix) sh number upTo;
in map (i: sh {
  name = "trivial-${toString i}";
  script = "echo ${salt} ${toString i} > $out";
}) (upTo (number n))
