/// Debian's headless Chromium for tests of the web page: driving it, and looking for what keeps people from using a
/// page.
///
/// What the dispatcher's pages are to show is in `dispatcher.it`. Start with [dispatcher.it.browser.Browser].
@NullMarked
package dispatcher.it.browser;

import org.jspecify.annotations.NullMarked;
