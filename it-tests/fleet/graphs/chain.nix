# n derivations, each with the one before as its input; `size` bytes of payload in each output.
{ salt, n ? "10", size ? "0" }:
let inherit (import ./lib.nix) sh number upTo;
in builtins.foldl' (previous: i: sh {
  name = "link-${toString i}";
  inherit previous;
  script = ''
    { echo ${salt} ${toString i} "$previous"; head -c ${size} /dev/zero; } > $out
  '';
}) "" (upTo (number n))
