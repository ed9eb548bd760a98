# A derivation with the given file (an absolute path) or store path as a source; prints its size.
{ salt, file }:
(import ./lib.nix).sh {
  name = "big-input";
  source =
    if builtins.match "/nix/store/.*" file != null then builtins.storePath file
    else builtins.path { path = /. + file; name = "source"; };
  script = "wc -c < $source > $out; echo ${salt} >> $out";
}
