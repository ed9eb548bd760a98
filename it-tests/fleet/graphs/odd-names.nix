# A derivation whose output is a directory of files with odd names: of 255 bytes, with a newline, not in UTF-8; each has its number in it.
{ salt }:
let repeat = n: text: builtins.concatStringsSep "" (builtins.genList (_: text) n);
in (import ./lib.nix).sh {
  name = "odd-names";
  inherit salt;
  ascii = repeat 255 "x";
  letters = repeat 127 "ä" + "y";
  script = ''
    mkdir $out
    echo 1 > "$out/$ascii"
    echo 2 > "$out/$letters"
    echo 3 > "$out/$(printf 'two\nlines')"
    echo 4 > "$out/$(printf 'latin1 \344')"
    echo $salt > "$out/ "
  '';
}
