package dispatcher.simulate.figures;

import dispatcher.simulate.Run;
import dispatcher.simulate.Span;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/// How alike clients are slowed down.
final class Fairness {
    private Fairness() {}

    /// Jain's index of the clients' slowdowns; a client's is the time from asking to having the outputs, summed up
    /// over its builds, by the time that they take on the fastest machines without any waiting.
    static double of(Run run, List<Span> done) {
        var took = new double[run.plan().scenario().clients().size()];
        var least = new double[took.length];
        for (var span : done) {
            int client = run.plan().client(span.job());
            took[client] +=
                    Duration.between(run.asked().get(span.job()), span.ended()).toNanos();
            least[client] += BestTimes.occupied(run.plan(), span.job());
        }
        return jain(IntStream.range(0, took.length)
                .filter(client -> least[client] > 0)
                .mapToDouble(client -> took[client] / least[client])
                .toArray());
    }

    static double jain(double... values) {
        double sum = 0;
        double squares = 0;
        for (double value : values) {
            sum += value;
            squares += value * value;
        }
        return values.length == 0 ? 1 : sum * sum / (values.length * squares);
    }
}
