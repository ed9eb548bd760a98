/// Markup as values: elements, attributes and text, which are escaped when they are made.
///
/// What a page says is not here, nor how it is sent. Start with [dispatcher.cli.web.html.Html].
@NullMarked
package dispatcher.cli.web.html;

import org.jspecify.annotations.NullMarked;
