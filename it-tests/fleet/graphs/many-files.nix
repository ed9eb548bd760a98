# A derivation whose output is a directory of n small files.
{ salt, n ? "20000" }:
(import ./lib.nix).sh {
  name = "many-files";
  inherit salt n;
  script = ''
    mkdir $out
    i=0
    while [ $i -lt $n ]; do i=$((i + 1)); echo $salt $i > $out/$i; done
  '';
}
