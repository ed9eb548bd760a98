/// What is done with outputs of builds that went well, if the settings say so: a copy to a cache, or a command.
///
/// How outputs are found and sent is not here: the command asks the dispatcher for them, as any client does; the keys
/// are in `dispatcher.cli.settings.file`. Start with [dispatcher.cli.publish.Publisher].
@NullMarked
package dispatcher.cli.publish;

import org.jspecify.annotations.NullMarked;
