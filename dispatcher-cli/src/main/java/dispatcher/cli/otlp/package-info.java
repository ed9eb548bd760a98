/// Sends a trace of each build to a collector that takes OTLP, if the settings name one.
///
/// What happened in a build is not found out here: records say it. Start with [dispatcher.cli.otlp.Traces]. This
/// is the only package with types of OpenTelemetry, which are not loaded where no collector is named.
@NullMarked
package dispatcher.cli.otlp;

import org.jspecify.annotations.NullMarked;
