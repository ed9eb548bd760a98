# n independent derivations that take some seconds and no processor time.
{ salt, n ? "40", seconds ? "2" }:
let inherit (import ./lib.nix) sh number upTo;
in map (i: sh {
  name = "sleeper-${toString i}";
  script = "echo sleeping ${seconds} s; sleep ${seconds}; echo ${salt} ${toString i} > $out";
}) (upTo (number n))
