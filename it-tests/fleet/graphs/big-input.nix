# A derivation with the given file (an absolute path) as a source; prints its size.
{ salt, file }:
(import ./lib.nix).sh {
  name = "big-input";
  source = builtins.path { path = /. + file; name = "source"; };
  script = "wc -c < $source > $out; echo ${salt} >> $out";
}
