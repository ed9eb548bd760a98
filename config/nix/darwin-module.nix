# The dispatcher as a daemon of nix-darwin:
#
#   imports = [ ./dispatcher/config/nix/darwin-module.nix ];
#   services.dispatcher.enable = true;
#
# docs/NIXOS.md explains it. The machine of `nix.linux-builder` is among `nix.buildMachines`, and so among ours; its key
# belongs to root, so the daemon runs as root, unless `user` says otherwise.
{
  config,
  lib,
  ...
}:

let
  cfg = config.services.dispatcher;
  socket = cfg.settings.listen.socket;
  directories = lib.concatMapStringsSep " " lib.escapeShellArg (
    [ cfg.settings.state ] ++ lib.optional (socket != null) (dirOf socket)
  );
  owner = lib.optionalString (cfg.user != "root") "&& /usr/sbin/chown ${lib.escapeShellArg cfg.user} ${directories} ";
  asUser = lib.optionalString (cfg.user != "root") "/usr/bin/sudo -n -u ${lib.escapeShellArg cfg.user} ";
in
{
  imports = [ ./common.nix ];

  options.services.dispatcher = {
    user = lib.mkOption {
      type = lib.types.str;
      default = "root";
      example = "_dispatcher";
      description = "User that the daemon runs as. Another one than root must be there, and be able to read the keys.";
    };
    logFile = lib.mkOption {
      type = lib.types.str;
      default = "/var/log/dispatcher.log";
      description = "Where the log goes.";
    };
  };

  config = lib.mkIf cfg.enable {
    services.dispatcher.settings.listen.socket = lib.mkDefault "/var/run/dispatcher/dispatcher.sock";

    launchd.daemons.dispatcher.serviceConfig = {
      ProgramArguments = [
        "/bin/sh"
        "-c"
        ''/bin/wait4path /nix/store && /bin/mkdir -p ${directories} ${owner}&& exec ${asUser}${cfg.package}/bin/dispatcher serve --config /etc/dispatcher/dispatcher.yaml''
      ];
      RunAtLoad = true;
      KeepAlive = true;
      ThrottleInterval = 2;
      # Longer than it waits for builds that run.
      ExitTimeOut = 900;
      # 0077, which launchd takes as a decimal number.
      Umask = 63;
      SoftResourceLimits.NumberOfFiles = 65536;
      HardResourceLimits.NumberOfFiles = 65536;
      StandardOutPath = cfg.logFile;
      StandardErrorPath = cfg.logFile;
    };
  };
}
