/// `GET /metrics`: figures of the running dispatcher in the text format of Prometheus.
///
/// What single builds came to is in `dispatcher.record`, and what happens now in `dispatcher.cli.events`. Start with
/// [dispatcher.cli.metrics.MetricsEndpoint].
@NullMarked
package dispatcher.cli.metrics;

import org.jspecify.annotations.NullMarked;
