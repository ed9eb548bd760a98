/// `dispatcher ping`: asks every machine who it is and what it offers, and compares that with the settings.
@NullMarked
package dispatcher.cli.ping;

import org.jspecify.annotations.NullMarked;
