# What is built while a session is recorded: small, and each with an input that must be copied first.
let
  inherit (import ../fleet/graphs/lib.nix) sh;
  input = builtins.toFile "input" "an input\n";
in {
  success = sh { name = "success"; inherit input; script = "read line < $input; echo \"built from $line\"; echo $line > $out"; };
  failure = sh {
    name = "failure";
    inherit input;
    script = "echo one; echo two >&2; echo; echo 'giving up'; exit 3";
  };
  outputs = sh {
    name = "outputs";
    outputs = [ "out" "dev" "doc" ];
    inherit input;
    script = ''
      echo out > $out
      mkdir -p $dev/bin $doc
      printf '#!/bin/sh\n' > $dev/bin/tool; chmod 755 $dev/bin/tool
      ln -s $out $dev/link
    '';
  };
  structured = sh {
    name = "structured";
    __structuredAttrs = true;
    outputs = [ "out" ];
    settings = { inherit input; numbers = [ 1 2 3 ]; nested.deep = true; };
    script = ''
      out=$(sed 's/.*"outputs":{"out":"\([^"]*\)"}.*/\1/' .attrs.json)
      echo structured > $out
    '';
  };
  floating = sh {
    name = "floating";
    __contentAddressed = true;
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
    inherit input;
    script = "cat $input > $out";
  };
  phases = sh {
    name = "phases";
    inherit input;
    script = ''
      for phase in unpackPhase buildPhase; do
        printf '@nix { "action": "setPhase", "phase": "%s" }\n' $phase >&''${NIX_LOG_FD:-2}
        echo "now in $phase"
      done
      echo done > $out
    '';
  };
}
