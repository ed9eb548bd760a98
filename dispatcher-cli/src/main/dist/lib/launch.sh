# How the program's JVM is started, in a checkout and in a release; for scripts of sh to read.
# DISPATCHER_JAVA_OPTS: further flags for the JVM.

# launch JAVA LIB CACHES ARG…: becomes the program. CACHES is the folder of its AOT caches.
#
# The command is the first word that is no option. One that only asks and prints is over before the optimizing compiler
# pays, or code that is made for each method that is called by reflection, and needs a fraction of the classes.
launch() {
    java=$1 lib=$2 caches=$3
    shift 3
    command=
    for word; do
        case $word in -*) ;; *) command=$word; break ;; esac
    done
    case $command in
        # Small methods: the optimizing compiler has done with them sooner, and what copies large paths is not slower for it.
        serve) cache=serve flags="-XX:FreqInlineSize=100 -XX:InlineSmallCode=1000 -XX:MaxInlineLevel=6" ;;
        simulate | ping) cache=serve flags= ;;
        *) cache=command flags="-XX:TieredStopAtLevel=1 -Djdk.reflect.useNativeAccessorOnly=true" ;;
    esac
    # A heap of small pages costs a command a tenth of its time. Where the kernel has no large ones, the JVM would print it.
    if [ "$cache" = command ] && { read -r pages </sys/kernel/mm/transparent_hugepage/enabled; } 2>/dev/null; then
        case $pages in *"[never]"*) ;; *) flags="$flags -XX:+UseTransparentHugePages" ;; esac
    fi
    # shellcheck disable=SC2086 # the options are words
    exec "$java" "@$lib/java.options" "-XX:AOTCache=$caches/$cache.aot" $flags ${DISPATCHER_JAVA_OPTS-} \
        -cp "$lib/dispatcher-cli.jar" dispatcher.cli.Main "$@"
}
