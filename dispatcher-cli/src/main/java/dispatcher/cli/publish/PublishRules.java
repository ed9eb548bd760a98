package dispatcher.cli.publish;

import java.time.Duration;
import java.util.Optional;

/// What is done with outputs, as the settings say it: first the copy, then the command.
///
/// @param to       URI of the store that outputs and what they need are copied to by `nix copy`
/// @param command  for `/bin/sh`
/// @param parallel builds whose outputs are published at once, at least 1
/// @param attempts for one build, at least 1
/// @param timeout  for one attempt
public record PublishRules(
        Optional<String> to, Optional<String> command, int parallel, int attempts, Duration timeout) {
    public static final PublishRules NONE =
            new PublishRules(Optional.empty(), Optional.empty(), 1, 1, Duration.ofMinutes(10));

    public PublishRules {
        if (parallel < 1 || attempts < 1) throw new IllegalArgumentException("less than 1");
    }

    /// Whether anything is done with them.
    boolean isOn() {
        return to.isPresent() || command.isPresent();
    }
}
