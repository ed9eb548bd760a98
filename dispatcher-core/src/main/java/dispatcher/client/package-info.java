/// Who clients are to us and what each may do, as the settings say. Values; whoever lets a client in looks its grant
/// up, and carries it along.
@NullMarked
package dispatcher.client;

import org.jspecify.annotations.NullMarked;
