package dispatcher.machine.load;

import dispatcher.nix.StoreDir;
import java.nio.charset.StandardCharsets;

/// The script that measures a machine. The machine's `sh` reads it from standard input, so that the login shell, of
/// any kind, reads one plain word only. Reads /proc on Linux, and asks sysctl and vm_stat on macOS.
///
/// Which process belongs to which build only root can see, by their environments: Nix gives every builder
/// `out` and `name`, unless the derivation has structured attributes.
final class SampleScript {
    static final String COMMAND = "sh";
    static final String HEAD = "dispatcher-sample 1";
    static final String LINUX = "@linux";
    static final String DARWIN = "@darwin";
    static final String STORE = "@store";
    static final String BUILD = "@build";
    static final String STORE_INODES = "@inodes";
    static final String BUILD_INODES = "@buildinodes";
    static final String MIN_FREE = "@minfree";
    static final String PROCESSES = "@processes";
    static final String END = "@end";

    private static final String SCRIPT = """
            PATH=$PATH:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin
            LC_ALL=C
            export LC_ALL
            tell() {
                echo; echo 'dispatcher-sample 1'
                if [ -r /proc/loadavg ]; then
                    echo @linux
                    grep -E '^(MemTotal|MemAvailable|oom_kill |some |full |[0-9])' /proc/loadavg /proc/meminfo \\
                        /proc/pressure/cpu /proc/pressure/memory /proc/vmstat /sys/devices/system/cpu/online
                else
                    echo @darwin
                    sysctl vm.loadavg hw.ncpu hw.memsize
                    vm_stat
                fi
                echo @store; df -Pk STORE
                builds=/nix/var/nix/builds
                [ -d $builds ] || builds=${TMPDIR:-/tmp}
                echo @build; df -Pk "$builds"
                if [ -r /proc/loadavg ]; then
                    echo @inodes; df -Pi STORE || df -i STORE
                    echo @buildinodes; df -Pi "$builds" || df -i "$builds"
                fi
                echo @minfree; grep -h '^ *min-free *=' "${NIX_CONF_DIR:-/etc/nix}"/*.conf
                PROCESSES
                echo; echo @end
            }
            tell </dev/null 2>/dev/null
            """;

    private static final String OF_PROCESSES = """
            if [ -O /proc/1 ]; then
                    echo @processes
                    grep -E '^Vm(HWM|RSS):' /proc/[0-9]*/status
                    grep -aoz -e '^out=.*' -e '^name=.*' /proc/[0-9]*/environ
                fi""";

    private SampleScript() {}

    /// @param processes whether to measure the memory of builds too
    static byte[] text(StoreDir storeDir, boolean processes) {
        return SCRIPT.replace("STORE", "'" + storeDir.path() + "'")
                .replace("PROCESSES", processes ? OF_PROCESSES : ":")
                .getBytes(StandardCharsets.UTF_8);
    }
}
