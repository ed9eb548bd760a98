# The options of the modules as Markdown, for docs/NIXOS.md:
#
#   nix --extra-experimental-features nix-command eval --store dummy:// --raw \
#       --file config/nix/options-doc.nix --arg lib ../shared/nixpkgs-lib/lib
#
# prints what stands between the two marks there. `lib` is nixpkgs' library.
{ lib }:

let
  library = import lib;

  optionsOf =
    module:
    library.filter (it: it.visible && !it.internal && library.hasPrefix "services.dispatcher." it.name) (
      library.optionAttrSetToDocList
        (library.evalModules {
          modules = [
            module
            { _module.check = false; }
          ];
          specialArgs.pkgs = { };
        }).options
    );

  shown = it: it.text or (builtins.toJSON it);
  code = text: if library.hasInfix "\n" text then "\n\n```nix\n${text}\n```\n" else " `${text}`";

  entry =
    platforms: it:
    let
      default = library.optionalString (it ? default) (
        if it.default._type or "" == "literalMD" then
          "\n\nDefault: ${it.default.text}"
        else
          "\n\nDefault:${code (shown it.default)}"
      );
      example = library.optionalString (it ? example) "\n\nExample:${code (shown it.example)}";
    in
    ''
      ### `${it.name}`${platforms}

      ${library.removeSuffix "\n" it.description}

      Type: ${it.type}${library.removeSuffix "\n" default}${library.removeSuffix "\n" example}
    '';

  nixos = optionsOf ./nixos-module.nix;
  darwin = optionsOf ./darwin-module.nix;
  isIn = list: it: library.any (other: other.name == it.name) list;
in
library.concatStringsSep "\n" (
  map (it: entry (if isIn darwin it then "" else " (NixOS)") it) nixos
  ++ map (entry " (nix-darwin)") (library.filter (it: !isIn nixos it) darwin)
)
