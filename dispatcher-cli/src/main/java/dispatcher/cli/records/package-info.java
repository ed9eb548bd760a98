/// The commands `builds`, `build` and `log`, and what answers them: records of builds that go on and that are over.
///
/// How records are made belongs to `dispatcher.record`, how they are written to disk to `cli.state`. Start with
/// [RecordEndpoints].
@NullMarked
package dispatcher.cli.records;

import org.jspecify.annotations.NullMarked;
