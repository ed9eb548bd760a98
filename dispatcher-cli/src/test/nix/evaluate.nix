# Evaluates a module of config/nix with stand-ins for what NixOS and nix-darwin declare, and shows what comes of it.
#
#   lib:           nixpkgs' library (its directory)
#   module:        the module
#   configuration: what a host's configuration says, a module too
{
  lib,
  module,
  configuration,
}:

let
  library = import lib;
  inherit (library) mkOption types;

  open = mkOption {
    type = types.attrsOf types.anything;
    default = { };
  };

  # As NixOS and nix-darwin declare them, as far as it matters here.
  host.options = {
    assertions = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
    };
    environment.systemPackages = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
    };
    environment.etc = open;
    users.users = open;
    users.groups = open;
    networking.firewall.allowedTCPPorts = mkOption {
      type = types.listOf types.port;
      default = [ ];
    };
    systemd.services = open;
    launchd.daemons = open;
    nix.settings = open;
    nix.distributedBuilds = mkOption {
      type = types.bool;
      default = false;
    };
    nix.buildMachines = mkOption {
      default = [ ];
      type = types.listOf (
        types.submodule {
          options = {
            hostName = mkOption { type = types.str; };
            protocol = mkOption {
              type = types.nullOr (
                types.enum [
                  "ssh"
                  "ssh-ng"
                ]
              );
              default = "ssh";
            };
            system = mkOption {
              type = types.nullOr types.str;
              default = null;
            };
            systems = mkOption {
              type = types.listOf types.str;
              default = [ ];
            };
            sshUser = mkOption {
              type = types.nullOr types.str;
              default = null;
            };
            sshKey = mkOption {
              type = types.nullOr types.str;
              default = null;
            };
            maxJobs = mkOption {
              type = types.int;
              default = 1;
            };
            speedFactor = mkOption {
              type = types.int;
              default = 1;
            };
            mandatoryFeatures = mkOption {
              type = types.listOf types.str;
              default = [ ];
            };
            supportedFeatures = mkOption {
              type = types.listOf types.str;
              default = [ ];
            };
            publicHostKey = mkOption {
              type = types.nullOr types.str;
              default = null;
            };
          };
        }
      );
    };
  };

  pkgs = import ./packages.nix { lib = library; };

  inherit
    (library.evalModules {
      modules = [
        host
        module
        configuration
      ];
      specialArgs = { inherit pkgs; };
    })
    config
    ;
in
{
  failed = map (it: it.message) (library.filter (it: !it.assertion) config.assertions);
  inherit (config) users networking nix launchd;
  service = config.systemd.services.dispatcher or null;
  etc = config.environment.etc;
  settingsText = config.services.dispatcher.settingsFile.text;
}
