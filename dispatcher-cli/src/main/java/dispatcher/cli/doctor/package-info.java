/// `dispatcher doctor`: looks at Nix on this host, at the dispatcher here and at every machine, builds once, and says
/// of each thing that it finds whether it is well and what to change. What reaches a machine belongs to
/// `dispatcher.cli.ping`, and what the settings mean to `dispatcher.cli.settings`. Start with
/// [dispatcher.cli.doctor.DoctorCommand].
@NullMarked
package dispatcher.cli.doctor;

import org.jspecify.annotations.NullMarked;
