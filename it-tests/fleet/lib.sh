# Functions shared by the fleet's scripts; sourced, never run.
#
# Names and shapes used throughout:
#   a *state folder* (DIR) belongs to one host or client and holds all that it ever writes;
#   a *process file* has one line "PID STARTTIME": the start time, in clock ticks after boot, tells a live process from a
#   later one that happens to have the same number.

# Says why on standard error and ends the script with status 1.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

need_root() {
    [ "$(id -u)" = 0 ] || die "must run as root: a host is a set of mount and process namespaces"
}

# have PROGRAM PACKAGE: ends the script unless PROGRAM is installed; the message names the Debian package.
have() {
    command -v "$1" >/dev/null || die "$1 is not installed (Debian package $2)"
}

# Prints the absolute path of a folder that may not exist yet.
absolute() {
    realpath -m -- "$1"
}

# process_start PID: prints the start time of a live process; fails when there is none (a zombie counts as none).
process_start() {
    local line rest
    { IFS= read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    rest=${line##*) }
    # shellcheck disable=SC2086 # the fields are words
    set -- $rest
    case $1 in Z | X) return 1 ;; esac
    printf '%s\n' "${20}"
}

# record_process PID FILE: writes the process file of a live process, at once or not at all.
record_process() {
    local start
    start=$(process_start "$1") || return 1
    printf '%s %s\n' "$1" "$start" >"$2.new" && mv -f "$2.new" "$2"
}

# live_process FILE: prints the PID in a process file if that very process still lives; fails otherwise.
live_process() {
    local pid start
    { read -r pid start <"$1"; } 2>/dev/null || return 1
    [ "$(process_start "$pid")" = "$start" ] || return 1
    printf '%s\n' "$pid"
}

# wait_gone FILE SECONDS: waits until the process of a process file is gone; fails when it is still there in the end.
wait_gone() {
    local deadline=$((SECONDS + $2))
    while live_process "$1" >/dev/null; do
        [ "$SECONDS" -le "$deadline" ] || return 1
        sleep 0.005
    done
}

# The Nix system of this machine.
nix_system() {
    local machine
    machine=$(uname -m)
    case $machine in arm64) machine=aarch64 ;; i?86) machine=i686 ;; esac
    printf '%s-linux\n' "$machine"
}

# The program that Nix's sandbox shows as /bin/sh: it must be static, since nothing else is visible in there.
sandbox_shell() {
    local root=$1 candidate
    for candidate in /bin/busybox /usr/bin/busybox /bin/busybox.static; do
        [ ! -x "$root$candidate" ] || { printf '%s\n' "$candidate"; return; }
    done
    die "no busybox in ${root:-/} (Debian package busybox-static)"
}

# link_or_bind SOURCE TARGET: makes a top-level entry of a new root: symbolic links are copied, the rest is bound.
link_or_bind() {
    if [ -L "$1" ]; then
        cp -P -- "$1" "$2"
    elif [ -d "$1" ]; then
        mkdir -p -- "$2"
        mount --rbind -- "$1" "$2"
    elif [ -f "$1" ]; then
        : >"$2"
        mount --bind -- "$1" "$2"
    fi
}

# enter_root ROOT: makes ROOT, a mount point, the root of the calling process's mount namespace.
enter_root() {
    cd "$1" || return 1
    pivot_root . .
    umount -l .
    cd / || return 1
}

# claim_state DIR MARK...: makes DIR a state folder. One that holds other things already is refused, since it is removed as a
# whole in the end; it is ours if it has one of the marks, entries that only this program makes.
claim_state() {
    local dir=$1 mark
    shift
    mkdir -p "$dir"
    for mark in "$@"; do [ ! -e "$dir/$mark" ] || return 0; done
    [ -z "$(ls -A "$dir")" ] || die "not an empty folder, and nothing that this program has made: $dir"
}

# remove_state DIR: removes a state folder, and nothing that is not one.
remove_state() {
    [ -e "$1" ] || return 0
    [ -e "$1/config" ] || [ -d "$1/hosts" ] || die "not a state folder of this program, so it is left alone: $1"
    rm -rf --one-file-system "$1"
}
