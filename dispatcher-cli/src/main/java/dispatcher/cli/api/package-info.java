/// What is asked and answered over the control socket, as typed records, and their JSON.
///
/// How HTTP carries them is in `dispatcher.cli.api.http`; who makes the answers and shows them is in the package
/// of each command. Start with [dispatcher.cli.api.ApiJson] and `docs/API.md`.
@NullMarked
package dispatcher.cli.api;

import org.jspecify.annotations.NullMarked;
