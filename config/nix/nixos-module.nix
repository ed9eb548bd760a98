# The dispatcher as a service of NixOS:
#
#   imports = [ ./dispatcher/config/nix/nixos-module.nix ];
#   services.dispatcher.enable = true;
#
# docs/NIXOS.md explains it.
{
  config,
  lib,
  ...
}:

let
  cfg = config.services.dispatcher;
  ssh = cfg.settings.listen.ssh;
  usual = "/var/lib/dispatcher";
  spool = cfg.settings.spool.path or usual;
  isElsewhere = directory: directory != usual && !lib.hasPrefix "${usual}/" directory;
in
{
  imports = [ ./common.nix ];

  options.services.dispatcher.openFirewall = lib.mkOption {
    type = lib.types.bool;
    default = false;
    description = "Whether the port of `settings.listen.ssh` is open in the firewall.";
  };

  config = lib.mkIf cfg.enable {
    services.dispatcher.settings.listen.socket = lib.mkDefault "/run/dispatcher/dispatcher.sock";

    assertions = [
      {
        assertion = cfg.openFirewall -> ssh != null;
        message = "services.dispatcher.openFirewall: there is no port to open; set services.dispatcher.settings.listen.ssh.";
      }
    ];

    users.groups.dispatcher = { };
    users.users.dispatcher = {
      isSystemUser = true;
      group = "dispatcher";
      home = usual;
      description = "The dispatcher";
    };

    # A machine with `protocol = "local"` is this host's Nix daemon.
    nix.settings.trusted-users = lib.mkIf (lib.any (it: it.protocol == "local") cfg.machines) [
      "root"
      "dispatcher"
    ];

    networking.firewall.allowedTCPPorts = lib.mkIf (cfg.openFirewall && ssh != null) [
      (lib.toInt (lib.last (lib.splitString ":" ssh)))
    ];

    systemd.services.dispatcher = {
      description = "Dispatcher: one Nix builder made of many machines";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [
        "network-online.target"
        "nss-lookup.target"
      ];
      reloadTriggers = [ cfg.settingsFile ];

      # As in config/dispatcher.service, which says why.
      serviceConfig = {
        Type = "notify";
        NotifyAccess = "main";
        WatchdogSec = "60s";
        User = "dispatcher";
        Group = "dispatcher";
        ExecStart = "${cfg.package}/bin/dispatcher serve --config /etc/dispatcher/dispatcher.yaml";
        ExecReload = "/bin/sh -c 'kill -HUP $MAINPID'";

        KillMode = "mixed";
        KillSignal = "SIGTERM";
        TimeoutStopSec = "15min";
        SuccessExitStatus = "143";
        Restart = "on-failure";
        RestartSec = "2s";

        StandardOutput = "journal";
        StandardError = "journal";
        SyslogIdentifier = "dispatcher";

        StateDirectory = "dispatcher";
        StateDirectoryMode = "0700";
        RuntimeDirectory = "dispatcher";
        RuntimeDirectoryMode = "0750";
        ConfigurationDirectory = "dispatcher";
        UMask = "0077";
        LimitNOFILE = "65536";
        TasksMax = "4096";

        ProtectSystem = "strict";
        ReadWritePaths = lib.filter isElsewhere [
          cfg.settings.state
          spool
        ];
        ProtectHome = "true";
        PrivateTmp = "true";
        PrivateDevices = "true";
        ProtectProc = "invisible";
        ProcSubset = "pid";
        ProtectClock = "true";
        ProtectHostname = "true";
        ProtectKernelLogs = "true";
        ProtectKernelModules = "true";
        ProtectKernelTunables = "true";
        ProtectControlGroups = "true";
        RemoveIPC = "true";

        NoNewPrivileges = "true";
        CapabilityBoundingSet = "";
        AmbientCapabilities = "";
        RestrictSUIDSGID = "true";
        RestrictNamespaces = "true";
        RestrictRealtime = "true";
        LockPersonality = "true";
        KeyringMode = "private";

        RestrictAddressFamilies = "AF_INET AF_INET6 AF_UNIX";
        SystemCallArchitectures = "native";
        SystemCallFilter = [
          "@system-service"
          "~@privileged @resources"
        ];
        SystemCallErrorNumber = "EPERM";
      };
    };
  };
}
