/// The pages about builds of now and of the past: recent builds, one build, and its log.
///
/// What is there now besides builds is in `dispatcher.cli.web.fleet`, and who keeps records in `dispatcher.record`.
/// Start
/// with [dispatcher.cli.web.build.BuildPages].
@NullMarked
package dispatcher.cli.web.build;

import org.jspecify.annotations.NullMarked;
