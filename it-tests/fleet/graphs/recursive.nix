# A build that has another one built by Nix in mid-build; its output refers to what came out. Needs the feature recursive-nix on
# the machine, and the machine's Nix in the sandbox.
{ salt }:
(import ./lib.nix).sh {
  name = "recursive";
  requiredSystemFeatures = [ "recursive-nix" ];
  inner = ''
    derivation {
      name = "inner"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo inner ${salt} > $out" ];
    }
  '';
  script = ''
    /usr/bin/nix-build --no-out-link --expr "$inner" > $out
  '';
}
