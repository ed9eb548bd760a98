/// `dispatcher machine`: whether a machine on demand is on, and how to start and stop it by hand.
///
/// When it is started and stopped otherwise is in `dispatcher.machine.provider`; what machines do is in
/// `dispatcher.cli.machines`. Start with [dispatcher.cli.ondemand.OnDemandEndpoints].
@NullMarked
package dispatcher.cli.ondemand;

import org.jspecify.annotations.NullMarked;
