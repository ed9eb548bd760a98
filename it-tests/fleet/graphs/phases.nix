# A build that tells its phases, the way nixpkgs' stdenv does.
{ salt, seconds ? "0" }:
(import ./lib.nix).sh {
  name = "phases";
  script = ''
    for phase in unpackPhase buildPhase installPhase; do
      printf '@nix { "action": "setPhase", "phase": "%s" }\n' $phase >&''${NIX_LOG_FD:-2}
      echo "now in $phase"
      sleep ${seconds}
    done
    echo ${salt} > $out
  '';
}
