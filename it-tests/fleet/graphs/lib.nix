# What the graphs are made of: derivations that need nothing but a static shell at /bin/sh (busybox, whose ash runs its applets).
rec {
  # sh { name; script; ... } runs `script` with the derivation's other attributes in its environment.
  sh = { name, script, ... }@attributes:
    derivation ({
      system = builtins.currentSystem;
      builder = "/bin/sh";
      args = [ "-e" "-c" script ];
    } // builtins.removeAttrs attributes [ "script" ]);

  # --argstr hands over text; "07" is a number too.
  number = text: builtins.fromJSON text;

  # The numbers 1 to n.
  upTo = n: builtins.genList (i: i + 1) n;
}
