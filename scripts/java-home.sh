# shellcheck shell=sh
# Finds a JDK of version 25 or newer and exports its JAVA_HOME. POSIX sh, to be sourced; ends the shell with status 1
# when there is none. Looks at JAVA_HOME, then `java` on the PATH, then the usual places, where the oldest fit one wins.
# Starts no Java and, mostly, no other process: `./dispatcher` does this at every start.

jdk_needed=25

# Sets jdk_major to the feature version of the JDK in $1, or to 0 if that is no JDK.
jdk_version() {
    jdk_major=0
    [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
    while IFS='=' read -r jdk_key jdk_value; do
        [ "$jdk_key" = JAVA_VERSION ] || continue
        jdk_value=${jdk_value#\"}
        jdk_value=${jdk_value%%[!0-9]*}
        jdk_major=${jdk_value:-0}
    done <"$1/release"
}

find_jdk() {
    if [ -n "${JAVA_HOME:-}" ]; then
        jdk_version "$JAVA_HOME"
        [ "$jdk_major" -lt "$jdk_needed" ] || return 0
    fi
    if jdk_java=$(command -v java); then
        jdk_java=$(readlink -f "$jdk_java" 2>/dev/null) || jdk_java=
        jdk_version "${jdk_java%/bin/java}"
        if [ "$jdk_major" -ge "$jdk_needed" ]; then
            JAVA_HOME=${jdk_java%/bin/java}
            return 0
        fi
    fi
    jdk_best=
    jdk_best_major=
    for jdk_home in /usr/lib/jvm/* /usr/java/* /usr/local/jdk* /usr/local/java* /opt/* /opt/java/* /opt/jvm/* \
        "${HOME:-/nonexistent}"/.sdkman/candidates/java/* "${HOME:-/nonexistent}"/.jdks/* \
        /Library/Java/JavaVirtualMachines/*/Contents/Home /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
        jdk_version "$jdk_home"
        [ "$jdk_major" -ge "$jdk_needed" ] || continue
        if [ -z "$jdk_best" ] || [ "$jdk_major" -lt "$jdk_best_major" ]; then
            jdk_best=$jdk_home
            jdk_best_major=$jdk_major
        fi
    done
    JAVA_HOME=$jdk_best
    [ -n "$JAVA_HOME" ]
}

if ! find_jdk; then
    cat >&2 <<EOF
error: no JDK of version $jdk_needed or newer found
  cause: neither in JAVA_HOME, nor as java on the PATH, nor in /usr/lib/jvm and the like (a JRE without javac does not do)
  next:  install one (Debian 13: apt-get install openjdk-25-jdk-headless; elsewhere unpack a JDK $jdk_needed archive under
         /usr/lib/jvm or set JAVA_HOME to where it is), then run the same command again
EOF
    exit 1
fi
export JAVA_HOME
