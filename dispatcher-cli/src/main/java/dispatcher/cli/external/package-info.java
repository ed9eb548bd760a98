/// `dispatcher external-builder`: the program that Nix runs for a build by its setting `external-builders`, with a JSON
/// document that describes the build. How builds get here by `builders` does not belong here. Start with
/// [dispatcher.cli.external.ExternalBuilderCommand].
@NullMarked
package dispatcher.cli.external;

import org.jspecify.annotations.NullMarked;
