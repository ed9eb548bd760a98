/// The settings file: found, read strictly, with all its faults told at once, and bound to values.
@NullMarked
package dispatcher.cli.settings;

import org.jspecify.annotations.NullMarked;
