# A derivation with an output of some megabytes; kind: zero, random, or sparse (the salt at its head, then a hole).
{ salt, megabytes ? "64", kind ? "zero" }:
(import ./lib.nix).sh {
  name = "big-output";
  inherit salt;
  script =
    if kind == "sparse" then "echo $salt > $out; dd if=/dev/null of=$out bs=1048576 seek=${megabytes}"
    else "dd if=/dev/${if kind == "random" then "urandom" else kind} of=$out bs=1048576 count=${megabytes}";
}
