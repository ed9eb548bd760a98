package dispatcher.cli.publish;

import dispatcher.machine.provider.ShellCommand;
import dispatcher.nix.StoreDir;
import java.io.IOException;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// Publishes by a command on this host. Its outputs are the command's arguments and in `OUT_PATHS`, as for Nix's
/// post-build-hook; `DRV_PATH`, `DISPATCHER_MACHINE` and `DISPATCHER_STORE` say what was built where, and the store
/// that has them.
final class PublishCommand implements Publisher.Way {

    private final Supplier<String> store;

    /// @param store URI by which a Nix on this host reaches the dispatcher
    PublishCommand(Supplier<String> store) {
        this.store = store;
    }

    @Override
    public void publish(PublishedBuild build, PublishRules rules) throws IOException, InterruptedException {
        var command = new ShellCommand(script(build, rules), _ -> {});
        var environment = Map.of(
                "OUT_PATHS", String.join(" ", build.paths()),
                "DRV_PATH", StoreDir.NIX_STORE.print(build.drvPath()),
                "DISPATCHER_MACHINE", build.machine(),
                "DISPATCHER_STORE", store.get());
        int status = command.run("publish", environment, rules.timeout());
        if (status != 0) throw new IOException("the command ended with status %d%s".formatted(status, command.said()));
    }

    private static String script(PublishedBuild build, PublishRules rules) {
        var paths = build.paths().stream().map(ShellCommand::quoted).collect(Collectors.joining(" "));
        var copy = rules.to().map(to -> """
                        nix --extra-experimental-features nix-command copy --from "$DISPATCHER_STORE" --to %s "$@" || exit
                        """.formatted(ShellCommand.quoted(to))).orElse("");
        return "set -- %s\n%s%s".formatted(paths, copy, rules.command().orElse(""));
    }
}
