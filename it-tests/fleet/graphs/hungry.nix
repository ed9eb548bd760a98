# A build that holds so much memory for some seconds.
{ salt, megabytes ? "200", seconds ? "9" }:
(import ./lib.nix).sh {
  name = "hungry-1.0";
  # What dd has read stays with it, as nobody takes it.
  script = "dd if=/dev/zero bs=${megabytes}M count=1 2>/dev/null | sleep ${seconds}; echo ${salt} > $out";
}
