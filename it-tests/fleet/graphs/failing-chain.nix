# Two derivations; the first fails, so the second cannot be built. keepGoing: with a third that succeeds.
{ salt }:
let
  inherit (import ./lib.nix) sh;
  bad = sh { name = "bad"; script = "echo ${salt} breaks >&2; exit 1"; };
in [
  (sh { name = "dependent"; inherit bad; script = "cat $bad > $out"; })
  (sh { name = "good"; script = "echo ${salt} > $out"; })
]
