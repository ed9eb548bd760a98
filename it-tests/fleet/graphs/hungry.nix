# A build that holds so much memory for some seconds, and fails if it does not get it.
{ salt, megabytes ? "200", seconds ? "9" }:
(import ./lib.nix).sh {
  name = "hungry-1.0";
  # What dd has read stays with it until somebody takes it.
  script = ''
    mkfifo full
    dd if=/dev/zero of=full bs=${megabytes}M count=1 2>/dev/null &
    exec 3<full
    sleep ${seconds}
    cat <&3 >/dev/null
    wait $!
    echo ${salt} > $out
  '';
}
