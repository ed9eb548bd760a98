package dispatcher.protocol;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Recognises the commands with which Nix clients start the far end of a conversation over SSH.
///
/// Shapes: `nix-daemon --stdio`, `nix daemon --stdio` and `nix-store --serve [--write]`, each optionally with a
/// path before the program, with other words before that (`sudo`), and with options of which only `--store X`
/// takes a value that could be mistaken for an option. `--store X`, `--process-ops` and other options are
/// tolerated and mean nothing here. Words may be quoted as for a shell; a command that a shell would do more with
/// than run one program is not recognised.
///
/// Source: Nix 2.3 to 2.34, `src/libstore/ssh.cc`, `ssh-store.cc` and `legacy-ssh-store.cc`.
public final class RemoteCommand {
    private static final String SHELL_SYNTAX = ";&|<>()$`\n\r*?[#!{}";

    private RemoteCommand() {}

    /// What `command` would make a host speak, or nothing if it is no such command.
    public static Optional<ClientProtocol> recognise(String command) {
        return words(command).flatMap(RemoteCommand::recognise);
    }

    /// What `command` permits in `command=` of authorized_keys: `nix-daemon --stdio` the worker protocol,
    /// `nix-store --serve` the serve protocol, with uploads and builds if it has `--write` too. The program
    /// may have a path. Nothing for a command with anything else in it: what a wrapper or another option
    /// does is not done here, and may restrict the client further.
    public static Optional<Permission> permission(String command) {
        return words(command).filter(words -> !words.isEmpty()).flatMap(words -> {
            var program = words.getFirst().substring(words.getFirst().lastIndexOf('/') + 1);
            var arguments = words.subList(1, words.size());
            return switch (program + " "
                    + String.join(" ", arguments.stream().sorted().toList())) {
                case "nix-daemon --stdio" -> Optional.of(new Permission(Optional.of(ClientProtocol.WORKER), true));
                case "nix --stdio daemon" -> Optional.of(new Permission(Optional.of(ClientProtocol.WORKER), true));
                case "nix-store --serve --write" ->
                    Optional.of(new Permission(Optional.of(ClientProtocol.SERVE), true));
                case "nix-store --serve" -> Optional.of(new Permission(Optional.of(ClientProtocol.SERVE), false));
                default -> Optional.empty();
            };
        });
    }

    /// The first word that is such a program, with what it must have among its arguments, decides. Goes from the
    /// last to the first, so that of each argument it is known whether it comes later.
    private static Optional<ClientProtocol> recognise(List<String> words) {
        var found = Optional.<ClientProtocol>empty();
        var arguments = new Arguments(Set.of(), Set.of());
        for (var word : words.reversed()) {
            var program = word.substring(word.lastIndexOf('/') + 1);
            if (isWorker(program, arguments)) found = Optional.of(ClientProtocol.WORKER);
            else if (program.equals("nix-store") && arguments.has("--serve")) found = Optional.of(ClientProtocol.SERVE);
            arguments = arguments.after(word);
        }
        return found;
    }

    private static boolean isWorker(String program, Arguments arguments) {
        boolean worker = program.equals("nix-daemon") || (program.equals("nix") && arguments.has("daemon"));
        return worker && arguments.has("--stdio");
    }

    /// Those of [#PROTOCOL_WORDS] that are among some arguments, other than as the value of `--store`.
    ///
    /// @param afterFirst likewise without the first argument
    private record Arguments(Set<String> all, Set<String> afterFirst) {
        private static final Set<String> PROTOCOL_WORDS = Set.of("daemon", "--stdio", "--serve");

        boolean has(String word) {
            return all.contains(word);
        }

        /// These with one more before them.
        Arguments after(String first) {
            if (first.equals("--store")) return new Arguments(afterFirst, all);
            if (!PROTOCOL_WORDS.contains(first) || all.contains(first)) return new Arguments(all, all);
            var more = new HashSet<>(all);
            more.add(first);
            return new Arguments(more, all);
        }
    }

    /// Splits a command as a shell does, quotes and backslashes resolved; nothing if a shell would see more in it
    /// than words.
    private static Optional<List<String>> words(String command) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean inWord = false;
        int i = 0;
        while (i < command.length()) {
            char c = command.charAt(i++);
            switch (c) {
                case ' ', '\t' -> {
                    if (inWord) words.add(word.toString());
                    word.setLength(0);
                    inWord = false;
                }
                case '\'' -> {
                    int end = command.indexOf('\'', i);
                    if (end < 0) return Optional.empty();
                    word.append(command, i, end);
                    i = end + 1;
                    inWord = true;
                }
                case '"' -> {
                    int end = command.indexOf('"', i);
                    if (end < 0) return Optional.empty();
                    String quoted = command.substring(i, end);
                    if (quoted.chars().anyMatch(q -> q == '$' || q == '`' || q == '\\')) return Optional.empty();
                    word.append(quoted);
                    i = end + 1;
                    inWord = true;
                }
                case '\\' -> {
                    if (i == command.length()) return Optional.empty();
                    word.append(command.charAt(i++));
                    inWord = true;
                }
                default -> {
                    if (SHELL_SYNTAX.indexOf(c) >= 0) return Optional.empty();
                    word.append(c);
                    inWord = true;
                }
            }
        }
        if (inWord) words.add(word.toString());
        return Optional.of(words);
    }
}
