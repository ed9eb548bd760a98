# A derivation that reads a store path only after some seconds, and refers to it. The path is in a file instead of the builder's
# environment, as a garbage collector looks for roots there.
{ salt, source, seconds ? "4" }:
(import ./lib.nix).sh {
  name = "late-reader";
  source = builtins.storePath source;
  passAsFile = [ "source" ];
  script = ''
    sleep ${seconds}
    read -r path < $sourcePath || [ -n "$path" ]
    ls -lR $path > /dev/null
    echo ${salt} $path > $out
  '';
}
