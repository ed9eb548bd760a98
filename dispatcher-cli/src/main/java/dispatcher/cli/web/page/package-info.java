/// What a page is: its path, its parts that change by themselves, the frame around it, and how it gets what it shows.
///
/// Single pages have packages of their own, and what serves them is in `dispatcher.cli.web`. Start with
/// [dispatcher.cli.web.page.Page].
@NullMarked
package dispatcher.cli.web.page;

import org.jspecify.annotations.NullMarked;
