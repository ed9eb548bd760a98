# Three outputs: a file, a folder with an executable and a symbolic link that refers to the first output, an empty folder; and a
# derivation that uses only one of them.
{ salt }:
let
  inherit (import ./lib.nix) sh;
  many = sh {
    name = "many";
    outputs = [ "out" "dev" "doc" ];
    script = ''
      echo ${salt} > $out
      mkdir -p $dev/bin $doc
      printf '#!/bin/sh\necho tool\n' > $dev/bin/tool; chmod 755 $dev/bin/tool
      ln -s $out $dev/link
    '';
  };
in [ many many.dev many.doc (sh { name = "user"; inherit (many) dev; script = "cat $dev/link > $out"; }) ]
