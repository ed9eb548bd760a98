# Derivations whose output's hash is known beforehand: a flat file, and a tree (recursive). wrong = "true": the flat one lies.
{ salt, wrong ? "false" }:
let inherit (import ./lib.nix) sh;
in [
  (sh {
    name = "fixed-flat-${salt}";
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = builtins.hashString "sha256" salt;
    script = "printf %s ${if wrong == "true" then "lie" else salt} > $out";
  })
  (sh {
    name = "fixed-tree-${salt}";
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
    outputHash = "1sb9z106mrp3gzwc1gm9qa7lwd8pdk0da04bwirwcycz7b6lrw9j";
    script = "mkdir -p $out/folder; echo text > $out/folder/file; ln -s file $out/folder/link";
  })
]
