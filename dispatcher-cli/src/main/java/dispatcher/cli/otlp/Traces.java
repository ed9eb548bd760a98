package dispatcher.cli.otlp;

import dispatcher.record.BuildEnds;

/// What becomes of builds that are over: traces for a collector, or nothing. Safe for any thread.
public interface Traces extends BuildEnds, AutoCloseable {
    /// Makes none.
    Traces NONE = () -> {};

    /// Begins to send traces if the rules name a collector. If not, no class of OpenTelemetry is loaded.
    ///
    /// @param version of the program
    /// @throws dispatcher.cli.terminal.UserFacingException if the headers cannot be read
    static Traces of(OtlpRules rules, String version) {
        var endpoint = rules.endpoint();
        if (endpoint.isEmpty()) return NONE;
        return BuildTraces.start(endpoint.get(), rules.headersFile(), version);
    }

    /// Sends what waits, for as long as a stop may take.
    @Override
    void close();
}
