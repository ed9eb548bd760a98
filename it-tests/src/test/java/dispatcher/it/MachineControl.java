package dispatcher.it;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.MachinePower;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// The commands `dispatcher machine` for one machine on demand.
///
/// @param settings that the running dispatcher has
record MachineControl(Path settings, String name) {
    Command command(String what, Object... more) {
        return Command.of(Checkout.dispatcher(), "machine", what, name, "--config", settings)
                .with(more);
    }

    /// What it printed; it must succeed.
    String run(String what, Object... more) throws Exception {
        return command(what, more).run().orFail().out();
    }

    /// Such as `off` or `ready`.
    String power() throws Exception {
        return ApiJson.read(run("status", "--json").getBytes(StandardCharsets.UTF_8), MachinePower.class)
                .onDemand()
                .orElseThrow()
                .state();
    }
}
