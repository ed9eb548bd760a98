# n derivations of up to 2 s and up to 240 kB that are made of up to three earlier ones each; which, how long and how large
# follows from the salt. All of them come out. Same salt, same outputs, wherever they are built.
{ salt, n ? "25" }:
let
  inherit (import ./lib.nix) sh number;
  digits = { "0" = 0; "1" = 1; "2" = 2; "3" = 3; "4" = 4; "5" = 5; "6" = 6; "7" = 7; "8" = 8; "9" = 9; a = 10; b = 11; c = 12; d = 13; e = 14; f = 15; };
  # A number below 16 for each place 0 to 63 of what is said.
  chance = text: place: digits.${builtins.substring place 1 (builtins.hashString "sha256" "${salt} ${text}")};
  nodes = builtins.genList node (number n);
  node = i:
    let
      draw = chance (toString i);
      count = if i == 0 then 0 else builtins.bitAnd (draw 0) 3;
      earlier = place: builtins.elemAt nodes (let k = i - 1 - draw place; in if k < 0 then 0 else k);
    in sh {
      name = "chaos-${toString i}";
      inputs = builtins.genList (k: earlier (k + 1)) count;
      # By way of dd, as busybox's head and echo may lose what a full disk doesn't take, and end with status 0 all the same.
      script = ''
        echo "${salt} ${toString i} after ${toString count}"
        sleep ${toString (draw 8 / 8)}.${toString (draw 10)}
        { for i in $inputs; do head -c 100 $i; done; yes "${salt} ${toString i}" | head -c ${toString (16000 * draw 9)}; } | dd of=$out bs=4k status=none
      '';
    };
in nodes
