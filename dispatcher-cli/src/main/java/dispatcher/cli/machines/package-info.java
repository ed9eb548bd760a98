/// `dispatcher machines`: what each machine does, for people, scripts and the API.
///
/// Where a build would go is in `dispatcher.cli.explain`; taking a machine out of use is in
/// `dispatcher.cli.drain`. Start with [dispatcher.cli.machines.MachineAnswers].
@NullMarked
package dispatcher.cli.machines;

import org.jspecify.annotations.NullMarked;
