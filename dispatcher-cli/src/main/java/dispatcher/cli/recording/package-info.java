/// `schedule.trace`: writes down what clients ask for and what it takes, for `dispatcher simulate`.
@NullMarked
package dispatcher.cli.recording;

import org.jspecify.annotations.NullMarked;
