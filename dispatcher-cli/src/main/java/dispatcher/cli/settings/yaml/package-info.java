/// A YAML document whose pieces know their lines, and what is found wrong with it.
///
/// What keys there are and what their values mean belongs to `dispatcher.cli.settings`. Start with [LocatedYaml].
@NullMarked
package dispatcher.cli.settings.yaml;

import org.jspecify.annotations.NullMarked;
