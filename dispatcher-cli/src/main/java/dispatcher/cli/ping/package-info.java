/// `dispatcher ping`: asks every machine for its identity and its offer, and compares that with the settings. How a
/// machine is reached belongs to `dispatcher.ssh` and `dispatcher.machine.link`. Start with
/// [dispatcher.cli.ping.Pinger].
@NullMarked
package dispatcher.cli.ping;

import org.jspecify.annotations.NullMarked;
