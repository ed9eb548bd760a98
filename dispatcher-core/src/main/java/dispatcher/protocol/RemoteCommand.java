package dispatcher.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Recognises the commands with which Nix clients start the far end of a conversation over SSH.
///
/// Shapes: `nix-daemon --stdio`, `nix daemon --stdio` and `nix-store --serve [--write]`, each optionally with a
/// path before the program, with other words before that (`sudo`), and with options of which only `--store X`
/// takes a value that could be mistaken for an option. `--store X`, `--process-ops` and other options are
/// tolerated and mean nothing here. Words may be quoted as for a shell; a command that a shell would do more with
/// than run one program is not recognised, and neither is one of more than 4096 characters: the time for it grows
/// with the square of its words.
///
/// Source: Nix 2.3 to 2.34, `src/libstore/ssh.cc`, `ssh-store.cc` and `legacy-ssh-store.cc`.
public final class RemoteCommand {
    private static final int LONGEST = 4096;
    private static final String SHELL_SYNTAX = ";&|<>()$`\n\r*?[#!{}";

    private RemoteCommand() {}

    /// What `command` would make a host speak, or nothing if it is no such command.
    public static Optional<ClientProtocol> recognise(String command) {
        if (command.length() > LONGEST) return Optional.empty();
        return words(command).flatMap(RemoteCommand::recognise);
    }

    private static Optional<ClientProtocol> recognise(List<String> words) {
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            String program = word.substring(word.lastIndexOf('/') + 1);
            List<String> arguments = words.subList(i + 1, words.size());
            Optional<ClientProtocol> protocol = recognise(program, arguments);
            if (protocol.isPresent()) return protocol;
        }
        return Optional.empty();
    }

    private static Optional<ClientProtocol> recognise(String program, List<String> arguments) {
        boolean worker = program.equals("nix-daemon") || (program.equals("nix") && has(arguments, "daemon"));
        if (worker && has(arguments, "--stdio")) return Optional.of(ClientProtocol.WORKER);
        if (program.equals("nix-store") && has(arguments, "--serve")) return Optional.of(ClientProtocol.SERVE);
        return Optional.empty();
    }

    /// Whether `word` is among the arguments other than as the value of `--store`.
    private static boolean has(List<String> arguments, String word) {
        for (int i = 0; i < arguments.size(); i++) {
            if (arguments.get(i).equals("--store")) i++;
            else if (arguments.get(i).equals(word)) return true;
        }
        return false;
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
