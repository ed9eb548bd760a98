# Functions shared by the benchmarks; sourced, never run. Beside fleet/lib.sh they use, and set, these variables:
#   fleet_scripts, work, protocol, client_nix, nix_conf, dispatcher, jvm    what the options have said
#   builders     the dispatcher's line for Nix's `builders`, and serve_pid, its process, once start_dispatcher has run
#   figures      what was measured: "case way" -> numbers, separated by blanks
#   fleet_options, client_network, dispatcher_network    further options of `fleet up`, and the commands that start another in the
#                network of the client, or of the dispatcher; none by default

declare -A figures
fleet_options=() client_network=() dispatcher_network=()

note() { printf '%s\n' "$*" >&2; }

# Prints the milliseconds since the epoch.
now() { printf '%s\n' "$((${EPOCHREALTIME/[.,]/} / 1000))"; }

# start_fleet N: starts N machines with 4 jobs each in $work/fleet.
start_fleet() {
    local -a options=(--jobs 4 --net auto --protocol "$protocol" --owner $$ "${fleet_options[@]}")
    [ -z "$machine_nix" ] || options+=(--nix "$machine_nix")
    "$fleet_scripts/fleet" up "$work/fleet" "$1" "${options[@]}" >/dev/null
}

# start_client NAME OPTION...: starts a client of the fleet in $work/NAME.
start_client() {
    "${client_network[@]}" "$fleet_scripts/client" start "$work/$1" "${@:2}" --nix "$client_nix" --extra-nix-conf "$nix_conf" \
        --ssh-config "$work/fleet/ssh_config" --known-hosts "$work/fleet/known_hosts" --owner $$ >/dev/null
}

# print_builders SETTINGS: prints the line for a client on this host, with a copy of the shim that only this user can change,
# whoever owns the checkout; an older program that --dispatcher names knows no --shim.
print_builders() {
    install -m 755 "$checkout/dispatcher-cli/src/main/dist/bin/dispatcher-stdio" "$work/dispatcher-stdio"
    "$dispatcher" builders --config "$1" --shim "$work/dispatcher-stdio" 2>/dev/null || "$dispatcher" builders --config "$1"
}

# start_dispatcher SETTINGS: starts it with these settings, which listen at the fleet's socket, and leaves its line for Nix in
# `builders`; returns when it listens. Leaves the time of the start in `began`, and its log in $work/dispatcher.log.
start_dispatcher() {
    builders=$(print_builders "$1")
    start_serving "$1"
}

# start_serving SETTINGS: the same without that line, which needs machines whose systems are known.
start_serving() {
    local deadline=$((SECONDS + 60)) socket=$work/fleet/dispatcher.sock
    began=$(now)
    DISPATCHER_JAVA_OPTS="${DISPATCHER_JAVA_OPTS-} $jvm" "${dispatcher_network[@]}" setpriv --pdeathsig TERM \
        "$dispatcher" serve --config "$1" >"$work/dispatcher.log" 2>&1 &
    serve_pid=$!
    until [ -S "$socket" ]; do
        if ! process_start "$serve_pid" >/dev/null || [ "$SECONDS" -gt "$deadline" ]; then
            sed 's/^/    /' "$work/dispatcher.log" >&2
            die "the dispatcher did not come up; its log is above"
        fi
        sleep 0.01
    done
}

# memory FIELD: prints the kilobytes in a field of the dispatcher's /proc/PID/status.
memory() { sed -n "s/^$1:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/$serve_pid/status"; }

stop_dispatcher() {
    local deadline=$((SECONDS + 10))
    [ -n "${serve_pid:-}" ] || return 0
    kill -TERM "$serve_pid" 2>/dev/null || true
    while process_start "$serve_pid" >/dev/null; do
        if [ "$SECONDS" -gt "$deadline" ]; then kill -KILL "$serve_pid" 2>/dev/null || true; fi
        sleep 0.02
    done
    serve_pid=''
}

seconds() { awk -v ms="$1" 'BEGIN { printf "%.2f s", ms / 1000 }'; }

# median "CASE WAY": prints the median of its figures.
median() {
    # shellcheck disable=SC2086 # the figures are words
    printf '%s\n' ${figures[$1]} | sort -n | awk '{ v[NR] = $1 } END { print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) }'
}
