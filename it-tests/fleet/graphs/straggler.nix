# A build that takes no time but on machines that have a file which their sandbox shows as /slow: there it would take very long.
{ salt, seconds ? "999" }:
(import ./lib.nix).sh {
  name = "straggler-1.0";
  script = ''
    if test -e /slow; then echo slow here; sleep ${seconds}; fi
    echo ${salt} > $out
  '';
}
