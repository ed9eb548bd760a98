# A small software project, for people to watch: libraries, tools, tests, documentation, a release. `scale` stretches the times.
{ salt ? "demo", scale ? "1" }:
let
  inherit (import ./lib.nix) sh number;
  # What a step takes, in seconds, and needs; it says what it does and writes a few KB.
  step = name: seconds: inputs: sh {
    inherit name inputs;
    script = ''
      echo "${name}: preparing"
      sleep ${toString (seconds * number scale / 2)}
      echo "${name}: working with $(echo $inputs | wc -w) inputs"
      sleep ${toString (seconds * number scale / 2)}
      mkdir -p $out
      { echo ${salt}; seq 1 500; } > $out/${name}
      for input in $inputs; do ln -s $input $out/; done
      echo "${name}: done"
    '';
  };
  zlib = step "zlib" 1.0 [ ];
  openssl = step "openssl" 3.0 [ ];
  sqlite = step "sqlite" 2.0 [ ];
  icons = step "icons" 1.0 [ ];
  libcore = step "libcore" 2.0 [ zlib ];
  libnet = step "libnet" 2.0 [ openssl zlib ];
  libstore = step "libstore" 2.0 [ libcore sqlite ];
  server = step "server" 3.0 [ libnet libstore ];
  client = step "client" 2.0 [ libnet libcore ];
  desktop = step "desktop" 2.0 [ client icons ];
  manual = step "manual" 2.0 [ libcore ];
  unit-tests = step "unit-tests" 3.0 [ libstore libnet ];
  system-tests = step "system-tests" 2.0 [ server client ];
in step "release" 1.0 [ server client desktop manual unit-tests system-tests ]
