#!/bin/bash
# Installs the Debian packages that the build and the tests need and that are missing; silent when none is.
# Starts no service, enables none, and touches no configuration.
#
#   scripts/install-deps.sh             all of them
#   scripts/install-deps.sh build       only those that building and unit tests need
#   scripts/install-deps.sh machines    those, and what builder machines on this host need
set -euo pipefail

# package:command, where any provider of the command will do; package alone, where it must be Debian's own.
build=(maven:mvn git:git)
# A Nix that the user has lives in /nix and is neither used nor touched by the tests: they need the one in /usr.
machines=(nix-bin openssh-server:/usr/sbin/sshd openssh-client:ssh socat:socat iproute2:ip busybox-static
    debootstrap:/usr/sbin/debootstrap util-linux:unshare mount:mount procps:ps)
# Only tests of the web page, of completion and of man pages need these. They are left out where the host's distribution has
# them not.
optional=(chromium:/usr/bin/chromium chromium-driver:/usr/bin/chromedriver fonts-dejavu-core zsh:zsh fish:fish groff:groff)

case "${1-all}" in
    all) wanted=("${build[@]}" "${machines[@]}" "${optional[@]}") ;;
    build) wanted=("${build[@]}") ;;
    machines) wanted=("${build[@]}" "${machines[@]}") ;;
    *)
        echo "usage: $0 [all|build|machines]" >&2
        exit 2
        ;;
esac

installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing=()
for entry in "${wanted[@]}"; do
    package=${entry%%:*}
    tool=${entry#"$package"}
    tool=${tool#:}
    if [[ -n $tool ]] && command -v "$tool" >/dev/null; then continue; fi
    installed "$package" || missing+=("$package")
done
((${#missing[@]})) || exit 0

fail() { # what, why, what next
    printf 'error: %s\n  cause: %s\n  next:  %s\n' "$1" "$2" "$3" >&2
    exit 1
}

can_be_installed() { ((EUID == 0)) && command -v apt-get >/dev/null; }
has_candidate() { [[ $(apt-cache policy "$1") == *"Candidate: "[0-9]* ]]; }

# Tests that need them say that they are skipped. $@: a command that gets the package as its argument.
leave_out_optional_unless() {
    local package kept=()
    for package in "${missing[@]}"; do
        if [[ " ${optional[*]%%:*} " == *" $package "* ]] && ! "$@" "$package"; then
            echo "cannot be installed here, so tests that need it are skipped: $package" >&2
        else
            kept+=("$package")
        fi
    done
    missing=("${kept[@]}")
    ((${#missing[@]})) || exit 0
}

leave_out_optional_unless can_be_installed
command -v apt-get >/dev/null \
    || fail "missing: ${missing[*]}" "this is not a Debian, so they are not installed by themselves" \
        "install what these Debian packages hold, then run the same command again"
by_hand() { echo "apt-get install --no-install-recommends ${missing[*]}"; }
((EUID == 0)) || fail "missing: ${missing[*]}" "installing packages needs root" "run: sudo $(by_hand)"

# Packages with a service start it when they are installed, unless policy-rc.d says no (101).
scratch=$(mktemp -d)
policy=
cleanup() {
    [[ -z $policy ]] || rm -f "$policy"
    rm -rf "$scratch"
}
trap cleanup EXIT
if [[ ! -e /usr/sbin/policy-rc.d ]]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

quietly() {
    DEBIAN_FRONTEND=noninteractive "$@" </dev/null >"$scratch/log" 2>&1 && return
    tail -n 20 "$scratch/log" >&2
    return 1
}

echo "installing ${missing[*]}" >&2
quietly apt-get update \
    || fail "apt-get update failed" "see the lines above" "check the network and /etc/apt/sources.list, then try again"
leave_out_optional_unless has_candidate
quietly apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}" \
    || fail "apt-get install failed" "see the lines above" "run: $(by_hand)"

# Debian also enables sshd for the next boot; whoever did not have it before did not ask for that.
if [[ " ${missing[*]} " == *" openssh-server "* ]]; then
    # Not systemctl, which is not everywhere; the variable is how packages' own scripts call it.
    DPKG_MAINTSCRIPT_PACKAGE=openssh-server deb-systemd-helper disable ssh.service >/dev/null 2>&1 || true
fi
