/// Fakes and rules shared by the tests of all modules.
@NullMarked
package dispatcher.testkit;

import org.jspecify.annotations.NullMarked;
