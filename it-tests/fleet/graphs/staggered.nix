# n independent derivations of eight packages, waiter-a to waiter-h, that sleep 1 to 8 s and take no processor time.
{ salt, n ? "100" }:
let
  inherit (import ./lib.nix) sh number upTo;
  package = i: i - i / 8 * 8;
  letter = i: builtins.elemAt [ "a" "b" "c" "d" "e" "f" "g" "h" ] (package i);
in map (i: sh {
  name = "waiter-${letter i}";
  script = "sleep ${toString (package i + 1)}; echo ${salt} ${toString i} > $out";
}) (upTo (number n))
