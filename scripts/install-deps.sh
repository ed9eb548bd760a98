#!/bin/bash
# Installs the Debian packages that the build and the tests need and that are missing; silent when none is.
# Starts no service, enables none, and touches no configuration.
#
#   scripts/install-deps.sh          all of them
#   scripts/install-deps.sh build    only those that building and unit tests need
set -euo pipefail

# package:command, where any provider of the command will do; package alone, where it must be Debian's own.
build=(maven:mvn git:git)
# A Nix that the user has lives in /nix and is neither used nor touched by the tests: they need the one in /usr.
machines=(nix-bin openssh-server:/usr/sbin/sshd openssh-client:ssh socat:socat iproute2:ip busybox-static
    debootstrap:/usr/sbin/debootstrap util-linux:unshare mount:mount procps:ps)

case "${1-all}" in
    all) wanted=("${build[@]}" "${machines[@]}") ;;
    build) wanted=("${build[@]}") ;;
    *)
        echo "usage: $0 [all|build]" >&2
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

install="apt-get install --no-install-recommends ${missing[*]}"
command -v apt-get >/dev/null \
    || fail "missing: ${missing[*]}" "this is not a Debian, so they are not installed by themselves" \
        "install what these Debian packages hold, then run the same command again"
((EUID == 0)) || fail "missing: ${missing[*]}" "installing packages needs root" "run: sudo $install"

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
quietly apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}" \
    || fail "apt-get install failed" "see the lines above" "run: $install"

# Debian also enables sshd for the next boot; whoever did not have it before did not ask for that.
if [[ " ${missing[*]} " == *" openssh-server "* ]]; then
    # Not systemctl, which is not everywhere; the variable is how packages' own scripts call it.
    DPKG_MAINTSCRIPT_PACKAGE=openssh-server deb-systemd-helper disable ssh.service >/dev/null 2>&1 || true
fi
