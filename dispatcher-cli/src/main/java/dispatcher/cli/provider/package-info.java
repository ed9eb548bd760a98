/// What starts machines on demand that need more than a command: containers, through the engine's own socket, and
/// virtual machines. When they are started is not decided here but in `dispatcher.machine.provider`, and nothing
/// outside of this package knows of docker-java. Start with [dispatcher.cli.provider.MachineEngines].
@NullMarked
package dispatcher.cli.provider;

import org.jspecify.annotations.NullMarked;
