# A derivation whose input has a deep run-time closure: n paths, path i refers to i-1 and i-2.
{ salt, n ? "20" }:
let
  inherit (import ./lib.nix) sh number upTo;
  step = { last, before }: i: {
    before = last;
    last = sh { name = "deep-${toString i}"; inherit last before; script = "echo ${salt} $last $before > $out"; };
  };
  deepest = (builtins.foldl' step { last = ""; before = ""; } (upTo (number n))).last;
in sh { name = "closure"; inherit deepest; script = "cat $deepest > $out"; }
