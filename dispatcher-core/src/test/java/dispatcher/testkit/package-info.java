/// What the tests of all modules share: fake machines and stores, streams and clocks, rules of architecture, and the
/// data of Nix's own tests. A helper of one test class stays with that class. Start with `FakeMachine`, `FakeStore`
/// and `ArchitectureRules`.
@NullMarked
package dispatcher.testkit;

import org.jspecify.annotations.NullMarked;
