# A build that fails after n lines of 85 bytes and a line of `long` bytes.
{ salt, n ? "0", long ? "0", newline ? "yes" }:
(import ./lib.nix).sh {
  name = "long-log";
  script = ''
    echo "first words of ${salt}"
    yes "a line of the log that is as long as lines of compilers often are, more or less ...." | head -n ${n}
    echo "halfway"
    head -c ${long} /dev/zero | tr '\0' x
    [ ${newline} = no ] || echo
    echo "last words of ${salt}"
    exit 3
  '';
}
