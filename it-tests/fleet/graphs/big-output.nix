# A derivation with an output of some megabytes; kind: zero or random.
{ salt, megabytes ? "64", kind ? "zero" }:
(import ./lib.nix).sh {
  name = "big-output";
  inherit salt;
  script = "dd if=/dev/${if kind == "random" then "urandom" else kind} of=$out bs=1048576 count=${megabytes}";
}
