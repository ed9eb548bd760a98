# A derivation with structured attributes: no environment, but a file .attrs.json. (.attrs.sh is for bash, and here is only ash.)
{ salt }:
(import ./lib.nix).sh {
  name = "structured-attrs";
  __structuredAttrs = true;
  outputs = [ "out" ];
  settings = { inherit salt; numbers = [ 1 2 3 ]; nested.deep = true; };
  script = ''
    test -z "$settings"
    test -f .attrs.sh
    out=$(sed 's/.*"outputs":{"out":"\([^"]*\)"}.*/\1/' .attrs.json)
    sed 's/.*\("settings":{.*"salt":"[^"]*"}\).*/\1/' .attrs.json > $out
  '';
}
