package dispatcher.ssh.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Reads a text as ssh_config, which includes itself by whatever name.
public final class ConfigFuzz {
    /// How often it is read at most, as it may include itself more than once.
    public static final int MOST_FILES = ConfigScan.MOST_FILES;

    private static final Path FILE = Path.of("/home/me/.ssh/config");

    private ConfigFuzz() {}

    public static void read(String text) {
        ConfigSource source = new ConfigSource() {
            @Override
            public Optional<String> read(Path file) {
                return Optional.of(file.equals(FILE) ? text : "");
            }

            @Override
            public List<Path> matching(Path pattern) {
                return List.of(pattern);
            }
        };
        HostSettings said = SshConfig.lookUp(
                List.of(FILE),
                new Asked("alpha", Optional.empty(), Optional.empty(), Path.of("/home/me"), "me"),
                source);
        assertThat(said.host()).isNotBlank();
        assertThat(said.jumps()).noneMatch(String::isEmpty).hasSizeLessThanOrEqualTo(8);
        assertThat(said.identityFiles()).allMatch(Path::isAbsolute).hasSizeLessThanOrEqualTo(100);
        assertThat(said.warnings()).hasSizeLessThanOrEqualTo(50);
        said.port().ifPresent(port -> assertThat(port).isBetween(1, 65_535));
    }
}
