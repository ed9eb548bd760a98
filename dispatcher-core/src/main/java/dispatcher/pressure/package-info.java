/// How machines are doing while they build: load, memory, disks, and what memory each build takes. Asked
/// for over connections that are there anyway, by a small shell script.
@NullMarked
package dispatcher.pressure;

import org.jspecify.annotations.NullMarked;
