/// The service manager that has started the program: what it is told, and its watchdog.
///
/// What is served does not belong here, nor the unit file, which is `config/dispatcher.service`. Start reading at
/// [dispatcher.cli.systemd.ServiceManager].
@NullMarked
package dispatcher.cli.systemd;

import org.jspecify.annotations.NullMarked;
