package dispatcher.cli.nix;

import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dispatcher.testkit.NixVectors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Evaluates the modules of `config/nix` with the Nix of this host and nixpkgs' library beside the project.
final class ModuleEvaluation {
    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();

    private ModuleEvaluation() {}

    /// What a configuration says, and what became of it.
    record Outcome(boolean succeeded, String output, String errors) {
        JsonNode json() throws IOException {
            if (!succeeded) throw new AssertionError(errors);
            return new ObjectMapper().readTree(output);
        }

        /// Without what the terminal would show as colours.
        String plainErrors() {
            return errors.replaceAll("\u001b\\[[0-9;]*m", "");
        }
    }

    /// @param platform      nixos or darwin
    /// @param configuration of a host, a module in Nix' language
    static Outcome of(String platform, String configuration) throws IOException, InterruptedException {
        return evaluate(List.of("--json", "--strict"), """
                import %1$s/dispatcher-cli/src/test/nix/evaluate.nix {
                  lib = %2$s; module = %1$s/config/nix/%3$s-module.nix; configuration = %4$s;
                }""".formatted(PROJECT, library(), platform, configuration));
    }

    /// @return the text that an expression is; `LIB` in it is nixpkgs' library, `PROJECT` the project
    static String text(String expression) throws IOException, InterruptedException {
        var said = evaluate(
                List.of("--json"),
                expression.replace("LIB", library().toString()).replace("PROJECT", PROJECT.toString()));
        return said.json().asText();
    }

    private static Path library() {
        return NixVectors.shared("nixpkgs-lib/lib");
    }

    private static Outcome evaluate(List<String> options, String expression) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("nix-instantiate", "--eval", "--store", "dummy://"));
        command.addAll(options);
        command.addAll(List.of("--expr", expression));
        Process process;
        try {
            process = new ProcessBuilder(command).start();
        } catch (IOException e) {
            System.err.println("skipped: no nix-instantiate here (Debian package nix-bin)");
            return abort("no nix-instantiate here (Debian package nix-bin)");
        }
        process.getOutputStream().close();
        var errors = new ArrayList<byte[]>();
        var reader = Thread.ofVirtual().start(() -> {
            try {
                errors.add(process.getErrorStream().readAllBytes());
            } catch (IOException e) {
                errors.add(e.toString().getBytes(StandardCharsets.UTF_8));
            }
        });
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        reader.join();
        return new Outcome(process.waitFor() == 0, output, new String(errors.getFirst(), StandardCharsets.UTF_8));
    }
}
