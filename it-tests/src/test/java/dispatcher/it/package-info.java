/// Black-box tests: stock Nix clients and stock machines, each with a store of its own, made by the scripts in
/// `it-tests/fleet` from namespaces on this machine, and the program as a user starts it. Nothing here calls the
/// program's classes.
///
/// The fixtures, all [AutoCloseable]: [dispatcher.it.Fleet] (machines), [dispatcher.it.NixClient] (a
/// coordinator or a developer's machine), [dispatcher.it.DispatcherProcess] (the program). Tests that need
/// namespaces are marked [dispatcher.it.NeedsNamespaces], those that need a second Nix
/// [dispatcher.it.NeedsNewerNix]; where these cannot be had the tests are skipped with a reason.
@NullMarked
package dispatcher.it;

import org.jspecify.annotations.NullMarked;
