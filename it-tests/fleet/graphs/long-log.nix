# A build that fails after n lines of 85 bytes.
{ salt, n ? "0" }:
(import ./lib.nix).sh {
  name = "long-log";
  script = ''
    echo "first words of ${salt}"
    yes "a line of the log that is as long as lines of compilers often are, more or less ...." | head -n ${n}
    echo "halfway"
    echo "last words of ${salt}"
    exit 3
  '';
}
