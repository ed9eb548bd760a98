# Stand-ins for what config/nix takes of nixpkgs: they show what they are given.
{ lib }:

let
  stdenvNoCC = {
    hostPlatform.isDarwin = false;
    mkDerivation =
      arguments:
      arguments
      // {
        type = "derivation";
        outPath = "/nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-${arguments.pname}-${arguments.version}";
      };
  };
  tools = {
    inherit lib stdenvNoCC;
    jdk25_headless = "/nix/store/jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj-jdk";
    socat = "/nix/store/ssssssssssssssssssssssssssssssss-socat";
    coreutils = "/nix/store/cccccccccccccccccccccccccccccccc-coreutils";
  };
  file =
    name: text: script:
    {
      inherit name text script;
      outPath = "/nix/store/ffffffffffffffffffffffffffffffff-${name}";
    };
in
tools
// {
  callPackage =
    function: arguments:
    let
      package = import function;
    in
    package (builtins.intersectAttrs (builtins.functionArgs package) tools // arguments);
  runCommand =
    name: environment: script:
    file name environment.text script;
  writeText = name: text: file name text "";
}
