# What the modules for NixOS and nix-darwin have in common: the options, the settings file, and the builder that Nix on
# this host gets.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  inherit (lib) mkOption types;
  cfg = config.services.dispatcher;

  # What JSON can hold. A path literal is refused: it would be copied into the store, where everybody can read it.
  value =
    types.nullOr (
      types.oneOf [
        types.bool
        types.int
        types.float
        types.str
        (types.listOf value)
        (types.attrsOf value)
      ]
    )
    // {
      description = "value of the settings file (paths as text, not as path literals)";
    };

  group = options: types.submodule {
    freeformType = types.attrsOf value;
    inherit options;
  };

  orNull = type: description: mkOption {
    type = types.nullOr type;
    default = null;
    inherit description;
  };

  names = description: mkOption {
    type = types.listOf types.str;
    default = [ ];
    inherit description;
  };

  machine = group {
    hostName = mkOption {
      type = types.str;
      example = "arm-1.example.org";
      description = "Name or address of the machine; a whole store URI if `protocol` is null.";
    };
    protocol = mkOption {
      type = types.nullOr (
        types.enum [
          "ssh"
          "ssh-ng"
          "local"
        ]
      );
      default = "ssh";
      example = "ssh-ng";
      description = "How the machine is spoken to. Prefer `ssh-ng`. `local` is the Nix daemon of this host.";
    };
    system = orNull types.str "What it builds for, if that is one system.";
    systems = names ''
      What it builds for, if there are several. A machine with neither `system` nor `systems` describes itself; it does
      not count for `nixBuilder.systems`.'';
    sshUser = orNull types.str "User to log in as.";
    sshKey = orNull types.str "File of the private key, as text.";
    publicHostKey = orNull types.str "Host key: the base 64 of the machine's public key file, or the file's text.";
    maxJobs = orNull types.ints.unsigned "Builds at once; 0 takes the machine out of use.";
    speedFactor = orNull (types.either types.ints.positive types.float) "Relative to the other machines.";
    supportedFeatures = names "What a derivation may require of it.";
    mandatoryFeatures = names "What a derivation must require to be built there.";
  };

  # A null says nothing, except for the protocol. Without a system in it, an entry says nothing of systems either.
  written =
    entry: lib.filterAttrs (name: it: name == "protocol" || it != null && (name != "systems" || it != [ ])) entry;

  counting = lib.filter (it: it.maxJobs != 0 && systemsOf it != [ ]) cfg.machines;
  systemsOf = it: if it.system != null then [ it.system ] else it.systems;
  sorted = list: lib.sort lib.lessThan (lib.unique list);
  common = lists: if lists == [ ] then [ ] else lib.foldl' lib.intersectLists (lib.head lists) (lib.tail lists);
  jobsOf = it: if it.maxJobs == null then 1 else it.maxJobs;

  column = list: if list == [ ] then "-" else lib.concatStringsSep "," (sorted list);

  plain = text: builtins.match "/[A-Za-z0-9/._+@-]*" text != null;

  text = builtins.toJSON (
    lib.filterAttrsRecursive (_: it: it != null) cfg.settings
    // {
      machines = map written cfg.machines;
    }
  );
in
{
  options.services.dispatcher = {
    enable = lib.mkEnableOption "the dispatcher, one Nix builder made of many machines";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = lib.literalExpression "pkgs.callPackage ./package.nix { }";
      description = "The program.";
    };

    machines = mkOption {
      type = types.listOf machine;
      default = config.nix.buildMachines;
      defaultText = lib.literalExpression "config.nix.buildMachines";
      example = lib.literalExpression ''
        [
          {
            hostName = "arm-1.example.org";
            protocol = "ssh-ng";
            system = "aarch64-linux";
            sshUser = "nix";
            sshKey = "/etc/dispatcher/id_ed25519";
            maxJobs = 8;
          }
        ]'';
      description = ''
        The machines, in the shape of `nix.buildMachines`, with any other key that an entry of `machines` in the settings
        may have. Without a value they are those of `nix.buildMachines`, so a host that has builders keeps them, behind the
        dispatcher; on nix-darwin the one of `nix.linux-builder` is among them.'';
    };

    settings = mkOption {
      type = group {
        listen = mkOption {
          type = group {
            socket = orNull types.str ''
              Unix socket for Nix on this host: `/run/dispatcher/dispatcher.sock`, on nix-darwin
              `/var/run/dispatcher/dispatcher.sock`, unless something else, or null, is set.'';
            ssh = orNull types.str "Address for Nix on other hosts, such as `0.0.0.0:2222`.";
          };
          default = { };
          description = "Where clients come in.";
        };
        state = mkOption {
          type = types.str;
          default = "/var/lib/dispatcher";
          description = "Directory for what must outlive the program.";
        };
      };
      default = { };
      example = lib.literalExpression ''
        {
          listen.ssh = "0.0.0.0:2222";
          spool.size = "100GiB";
        }'';
      description = ''
        The settings file, but for `machines`. Every key of [SETTINGS.md](SETTINGS.md) may stand here. Private keys do not
        belong here, but the paths of their files.'';
    };

    checkSettings = mkOption {
      type = types.bool;
      default = true;
      description = "Whether `dispatcher config check` has to find the settings file right when the system is built.";
    };

    settingsFile = mkOption {
      type = types.unspecified;
      readOnly = true;
      internal = true;
      description = "The settings file in the store.";
    };

    nixBuilder = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = ''
          Whether Nix on this host builds by the dispatcher: sets `nix.distributedBuilds` and `nix.settings.builders`, so
          that Nix does not read `/etc/nix/machines`, which `nix.buildMachines` makes.'';
      };
      systems = mkOption {
        type = types.listOf types.str;
        default = sorted (lib.concatMap systemsOf counting);
        defaultText = lib.literalMD "those of the machines";
        description = "What the dispatcher is offered for. Name them if the machines describe themselves.";
      };
      supportedFeatures = mkOption {
        type = types.listOf types.str;
        default = sorted (lib.concatMap (it: it.supportedFeatures ++ it.mandatoryFeatures) counting);
        defaultText = lib.literalMD "those of the machines";
        description = "System features that it is offered for.";
      };
      mandatoryFeatures = mkOption {
        type = types.listOf types.str;
        default = sorted (common (map (it: it.mandatoryFeatures) counting));
        defaultText = lib.literalMD "those that every machine insists on";
        description = "System features that a derivation must require to go there.";
      };
      maxJobs = mkOption {
        type = types.ints.positive;
        default = lib.max 1000 (10 * lib.foldl' (sum: it: sum + jobsOf it) 0 counting);
        defaultText = lib.literalMD "ten times those of the machines, at least 1000";
        description = "Builds that Nix hands over at once. Large, so that they wait in the dispatcher, which chooses.";
      };
      line = mkOption {
        type = types.str;
        readOnly = true;
        internal = true;
        description = "The value of `builders`.";
      };
    };
  };

  config = lib.mkMerge [
    {
      services.dispatcher.settingsFile =
        if cfg.checkSettings then
          pkgs.runCommand "dispatcher.yaml" { inherit text; passAsFile = [ "text" ]; } ''
            cp "$textPath" dispatcher.yaml
            ${cfg.package}/bin/dispatcher config check dispatcher.yaml
            cp dispatcher.yaml "$out"
          ''
        else
          pkgs.writeText "dispatcher.yaml" text;

      services.dispatcher.nixBuilder.line = lib.concatStringsSep " " [
        "ssh-ng://localhost?remote-program=${cfg.package}/bin/dispatcher-stdio%20${toString cfg.settings.listen.socket}"
        (column cfg.nixBuilder.systems)
        "-"
        (toString cfg.nixBuilder.maxJobs)
        "1"
        (column cfg.nixBuilder.supportedFeatures)
        (column cfg.nixBuilder.mandatoryFeatures)
        "-"
      ];
    }

    (lib.mkIf cfg.enable {
      assertions = [
        {
          assertion = !(cfg.settings ? machines);
          message = "services.dispatcher.settings.machines: write the machines as services.dispatcher.machines instead.";
        }
        {
          assertion = cfg.settings.listen.socket != null || cfg.settings.listen.ssh != null;
          message = "services.dispatcher.settings.listen: socket or ssh is needed, else no client can come in.";
        }
        {
          assertion = cfg.nixBuilder.enable -> cfg.settings.listen.socket != null;
          message = ''
            services.dispatcher.settings.listen.socket: Nix on this host comes in there. Name it, or set
            services.dispatcher.nixBuilder.enable = false.'';
        }
        {
          assertion =
            cfg.settings.listen.socket == null
            || plain cfg.settings.listen.socket && lib.stringLength cfg.settings.listen.socket <= 103;
          message = ''
            services.dispatcher.settings.listen.socket: '${toString cfg.settings.listen.socket}' is not an absolute path of
            at most 103 letters, digits and / . _ + @ -.'';
        }
        {
          assertion = cfg.nixBuilder.enable -> cfg.nixBuilder.systems != [ ];
          message = ''
            services.dispatcher.nixBuilder.systems: no machine names its system, so Nix cannot know what to hand over. Add
            `system` to entries of services.dispatcher.machines, or name the systems here.'';
        }
      ];

      environment.systemPackages = [ cfg.package ];
      environment.etc."dispatcher/dispatcher.yaml".source = cfg.settingsFile;

      nix = lib.mkIf cfg.nixBuilder.enable {
        distributedBuilds = true;
        settings.builders = cfg.nixBuilder.line;
      };
    })
  ];
}
