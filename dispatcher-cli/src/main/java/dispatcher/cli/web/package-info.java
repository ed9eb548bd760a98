/// The web page's server: who may see and do what, pages, what changes them while a browser shows them, and actions.
///
/// What pages are is in `dispatcher.cli.web.page`, single ones in packages of their own, and the API that they show
/// in `dispatcher.cli.api`. Start with [dispatcher.cli.web.WebServer].
@NullMarked
package dispatcher.cli.web;

import org.jspecify.annotations.NullMarked;
