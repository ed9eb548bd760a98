package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/// A real machine on which something between sshd and Nix changes what Nix says, and one on which nothing does.
/// What the client gets is signed, so that it can tell who vouches for it.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
abstract class LyingMachineContract {

    private final String protocol;
    private Fleet fleet;
    private NixClient client;
    private String publicKey = "";
    private Path graph;

    LyingMachineContract(String protocol) {
        this.protocol = protocol;
    }

    @BeforeAll
    void start() throws Exception {
        // The liar is the better one, so that it is asked first.
        fleet = Fleet.of(2).protocol(protocol).option("--speed-factors", "10,1").start();
        client = NixClient.beside(fleet).start();
        client.run(
                        "nix-store",
                        "--generate-binary-cache-key",
                        "dispatcher-1",
                        fleet.folder().resolve("secret-key"),
                        fleet.folder().resolve("public-key"))
                .orFail();
        publicKey = Files.readString(fleet.folder().resolve("public-key")).strip();
        var system = client.run("nix-instantiate", "--eval", "-E", "builtins.currentSystem")
                .orFail()
                .out()
                .strip()
                .replace("\"", "");
        graph = Files.writeString(fleet.folder().resolve("said.nix"), graph(system));
    }

    @AfterAll
    void stop() throws IOException {
        if (fleet != null) fleet.close();
    }

    private DispatcherProcess dispatcher(String name) throws Exception {
        var settings = DispatcherSettings.of(fleet)
                .set("secretKeyFile", fleet.folder().resolve("secret-key"))
                .write(name);
        return DispatcherProcess.start(settings, fleet.socket(), "");
    }

    private Fleet.Machine liar() {
        return fleet.machine(0);
    }

    private Fleet.Machine honest() {
        return fleet.machine(1);
    }

    /// Takes the place of a program of Nix: passes on what that says, with some words changed.
    private static String proxy(String program, String said, String instead) {
        return """
                #!/bin/sh
                exec /usr/bin/%s "$@" | exec perl -e '
                    $| = 1;
                    while (sysread(STDIN, $said, 65536)) {
                        $said =~ s/%s/%s/g;
                        while (length $said) { substr($said, 0, syswrite(STDOUT, $said)) = ""; }
                    }'
                """.formatted(program, said, instead);
    }

    private static String graph(String system) {
        return """
                { salt, size }: derivation {
                  name = "said";
                  system = "%s";
                  builder = "/bin/sh";
                  args = [ "-c" "echo the-truth ${salt} > $out; i=0; while [ $i -lt ${size} ]; do echo and so on; i=$((i + 1)); done >> $out" ];
                }
                """.formatted(system);
    }

    /// From now on what Nix says in logins is changed on the liar.
    private void lie(String said, String instead) throws Exception {
        var program = protocol.equals("ssh-ng") ? "nix-daemon" : "nix-store";
        liar().run("mkdir", "-p", "/root/lies").orFail();
        liar().run(
                        "sh",
                        "-c",
                        "printf %s \"$1\" >/root/lies/\"$2\"; chmod 755 /root/lies/*; echo 'PATH=/root/lies:$PATH' >/root/.bashrc",
                        "-",
                        proxy(program, said, instead),
                        program)
                .orFail();
    }

    private Result build(DispatcherProcess dispatcher, String salt, int size) throws Exception {
        return client.command("nix-build", "--no-out-link", "--max-jobs", 0, "--builders", dispatcher.builders())
                .with(graph, "--argstr", "salt", salt, "--argstr", "size", size)
                .run();
    }

    private String contents(String path) throws IOException {
        return Files.readString(client.outside(path));
    }

    @Test
    void contentThatIsChangedOnItsWayIsBuiltElsewhereAndSigned() throws Exception {
        lie("the-truth", "the-liars");
        try (var dispatcher = dispatcher("content")) {
            var salt = NixClient.newSalt();
            var built = build(dispatcher, salt, 3).orFail();
            var path = built.out().strip();

            assertThat(contents(path)).startsWith("the-truth " + salt);
            assertThat(built.err()).contains("lost machine " + liar().name()).contains("has the hash");
            assertThat(liar().holds(path)).isTrue();
            assertThat(honest().holds(path)).isTrue();
            assertThat(client.run(
                            "nix",
                            "store",
                            "verify",
                            "--sigs-needed",
                            1,
                            "--option",
                            "trusted-public-keys",
                            publicKey,
                            path))
                    .as("verified with %s", publicKey)
                    .matches(Result::succeeded);
            assertThat(client.run(
                            "nix",
                            "store",
                            "verify",
                            "--sigs-needed",
                            1,
                            "--option",
                            "trusted-public-keys",
                            "dispatcher-1:" + "A".repeat(43) + "=",
                            path))
                    .as("verified with another key")
                    .matches(result -> !result.succeeded());
        }
    }

    @Test
    void largeContentThatIsChangedOnItsWayNeverArrives() throws Exception {
        lie("the-truth", "the-liars");
        try (var dispatcher = dispatcher("large")) {
            var salt = NixClient.newSalt();
            var first = build(dispatcher, salt, 50_000);
            // Whether the client has to ask again or not: what it has in the end is what an honest machine built.
            var path = (first.succeeded() ? first : build(dispatcher, salt, 50_000))
                    .orFail()
                    .out()
                    .strip();
            assertThat(contents(path)).startsWith("the-truth " + salt);
            assertThat(dispatcher.log()).contains("has the hash").contains(liar().name());
        }
    }
}
