# Floating content-addressed derivations: the output paths are known only after the build. The second uses the first; with the
# same `content` and another salt the first gives the same output, so the second need not be built again.
# Needs the experimental feature ca-derivations in the client and on the machine.
{ salt, content ? salt }:
let
  inherit (import ./lib.nix) sh;
  floating = attributes: sh (attributes // {
    __contentAddressed = true;
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
  });
  first = floating { name = "floating-first"; inherit salt; script = "echo ${content} > $out"; };
in floating { name = "floating-second"; inherit first; script = "cat $first > $out; echo $first >> $out"; }
