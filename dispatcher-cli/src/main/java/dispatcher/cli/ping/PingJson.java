package dispatcher.cli.ping;

import dispatcher.cli.settings.yaml.Fault;
import dispatcher.machine.MachineDescription;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// A [PingReport] for programs. What a machine did not say is left out, and so is what only a machine that was
/// reached can say.
record PingJson(boolean ok, List<Machine> machines, List<NotUsed> notUsed) {
    record NotUsed(String file, int line, String field, String message) {}

    record Machine(
            String name,
            String address,
            String protocol,
            boolean ok,
            boolean reached,
            Claimed claimed,
            List<Fix> problems,
            Optional<Fix> leftAlone,
            Optional<Long> connectMillis,
            Optional<Long> handshakeMillis,
            Optional<String> protocolVersion,
            Optional<String> nixVersion,
            Optional<Boolean> trusted,
            Optional<Offered> offered) {}

    record Fix(String verdict, String cause, String next) {}

    record Claimed(
            Collection<String> systems,
            Collection<String> supportedFeatures,
            Collection<String> mandatoryFeatures,
            int maxJobs) {}

    record Offered(
            Optional<Collection<String>> systems,
            Optional<Collection<String>> features,
            Optional<Integer> cores,
            Optional<Long> freeBytes) {}

    static PingJson of(PingReport report) {
        return new PingJson(
                report.allWell(),
                report.answers().stream().map(PingJson::machine).toList(),
                report.notUsed().stream().map(PingJson::notUsed).toList());
    }

    private static NotUsed notUsed(Fault fault) {
        return new NotUsed(fault.file(), fault.line(), fault.key(), fault.message());
    }

    private static Machine machine(Answer answer) {
        var machine = answer.machine();
        var reached = answer instanceof Answer.Reached found ? Optional.of(found) : Optional.<Answer.Reached>empty();
        return new Machine(
                machine.name(),
                machine.address().toString(),
                machine.protocol().scheme(),
                answer.problems().isEmpty(),
                reached.isPresent(),
                new Claimed(
                        machine.systems(), machine.supportedFeatures(), machine.mandatoryFeatures(), machine.maxJobs()),
                answer.problems().stream().map(PingJson::fix).toList(),
                answer instanceof Answer.LeftAlone alone ? Optional.of(fix(alone.note())) : Optional.empty(),
                reached.map(found -> found.connect().toMillis()),
                reached.map(found -> found.handshake().toMillis()),
                reached.map(found -> found.protocol().toString()),
                reached.flatMap(Answer.Reached::nixVersion),
                reached.flatMap(Answer.Reached::trusted),
                reached.map(found -> offered(found.offered())));
    }

    private static Fix fix(Problem problem) {
        return new Fix(problem.verdict(), problem.why(), problem.next());
    }

    private static Offered offered(MachineDescription offered) {
        return new Offered(
                offered.systems().map(systems -> systems),
                offered.features().map(features -> features),
                boxed(offered.cores()),
                boxed(offered.freeBytes()));
    }

    private static Optional<Integer> boxed(OptionalInt number) {
        return number.isPresent() ? Optional.of(number.getAsInt()) : Optional.empty();
    }

    private static Optional<Long> boxed(OptionalLong number) {
        return number.isPresent() ? Optional.of(number.getAsLong()) : Optional.empty();
    }
}
