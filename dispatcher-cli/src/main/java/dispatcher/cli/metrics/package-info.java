/// Figures for Prometheus: what is counted from the start, and what is looked up for each scrape.
///
/// What happened to single builds is in `dispatcher.cli.events` and `dispatcher.record`. Start with
/// [dispatcher.cli.metrics.MetricsEndpoint].
@NullMarked
package dispatcher.cli.metrics;

import org.jspecify.annotations.NullMarked;
