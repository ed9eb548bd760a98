# The dispatcher as a Nix package, from a release of it: the directory `dispatcher-cli/target/dispatcher` that the build
# makes, or its archive. The Java runtime is the one of nixpkgs instead of the release's own.
#
#   pkgs.callPackage ./config/nix/package.nix { release = ./dispatcher-0.1.0-linux-x86_64.tar.gz; }
{
  lib,
  stdenvNoCC,
  jdk25_headless,
  socat,
  coreutils,
  release ? ../../dispatcher-cli/target/dispatcher,
}:

stdenvNoCC.mkDerivation {
  pname = "dispatcher";
  version = "0.1.0";

  src =
    if builtins.pathExists release then
      release
    else
      throw ''
        dispatcher: there is no release at ${toString release}
        next: build it with `mvn -DskipTests package`, or name one: pkgs.callPackage ./config/nix/package.nix { release = ./dispatcher-VERSION-linux-ARCH.tar.gz; }'';

  dontConfigure = true;
  dontBuild = true;

  # The AOT caches belong to the release's own Java, and its SQLite to Linux; the other one is in the jar.
  # Nix runs dispatcher-stdio with a path that need not have socat.
  installPhase = ''
    runHook preInstall
    mkdir -p "$out"
    cp -R bin lib "$out/"
    rm -f "$out"/lib/*.aot
    ${lib.optionalString stdenvNoCC.hostPlatform.isDarwin ''rm -f "$out/lib/libsqlitejdbc.so"''}
    ln -s ${jdk25_headless} "$out/runtime"
    sed -i '1a PATH=${
      lib.makeBinPath [
        socat
        coreutils
      ]
    }:$PATH' "$out/bin/dispatcher-stdio"
    runHook postInstall
  '';

  meta = {
    description = "One Nix builder made of many machines";
    mainProgram = "dispatcher";
    platforms = lib.platforms.linux ++ lib.platforms.darwin;
  };
}
