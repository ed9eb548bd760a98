/// Makes from a derivation what the scheduler needs to know of it: features, resources, expected time, where its
/// inputs are. Nothing here talks to a machine. Start with `BuildRequestFactory`.
@NullMarked
package dispatcher.build.request;

import org.jspecify.annotations.NullMarked;
