/// Records of builds in SQL: the tables of `records.sqlite`, how they are written, and what is asked of them.
///
/// How the file is opened belongs to `cli.state` and its `database`; what a record is, to `dispatcher.record`. Start
/// with [SqlRecords].
@NullMarked
package dispatcher.cli.state.records;

import org.jspecify.annotations.NullMarked;
