/// NAR, Nix's archive format: a parser that is pushed bytes, a digest, a writer. Streaming only: no file tree is ever
/// held in memory, and a hostile archive cannot make them allocate. Start with `NarParser` and `NarVisitor`.
@NullMarked
package dispatcher.nix.nar;

import org.jspecify.annotations.NullMarked;
