package dispatcher.cli.external;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Unpacks a NAR where Nix expects an output, by `nix-store --restore` of this host: it writes names of any bytes, and
/// on a file system that ignores case what Nix itself would write there.
final class NixRestore implements AutoCloseable {
    private static final List<String> USUAL =
            List.of("/nix/var/nix/profiles/default/bin", "/run/current-system/sw/bin", "/usr/local/bin", "/usr/bin");

    private final Path target;
    private final Process process;

    /// @throws CannotBuildException if there is no `nix-store`
    NixRestore(Path target, Optional<String> searchPath) throws IOException {
        this.target = target;
        this.process = new ProcessBuilder(program(searchPath).toString(), "--restore", target.toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static Path program(Optional<String> searchPath) {
        var directories = new ArrayList<>(List.of(searchPath.orElse("").split(File.pathSeparator, -1)));
        directories.addAll(USUAL);
        return directories.stream()
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, "nix-store"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(
                        () -> new CannotBuildException(
                                "there is no nix-store on the PATH of this host's Nix daemon, which the dispatcher needs to unpack outputs"));
    }

    /// Takes the NAR.
    OutputStream nar() {
        return process.getOutputStream();
    }

    /// To be called when all of the NAR has been written.
    ///
    /// @throws IOException unless all of it has been unpacked
    void finish() throws IOException, InterruptedException {
        process.getOutputStream().close();
        int status = process.waitFor();
        if (status != 0) throw new IOException("nix-store --restore %s ended with status %d".formatted(target, status));
    }

    @Override
    public void close() {
        process.destroy();
    }
}
