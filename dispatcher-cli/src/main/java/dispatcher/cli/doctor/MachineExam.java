package dispatcher.cli.doctor;

import dispatcher.cli.ping.Deadline;
import dispatcher.machine.probe.Probe;
import dispatcher.thread.Interruption;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What a machine says of its own settings, by a small shell script like that of [Probe]; parts that its login may not
/// ask are missing.
///
/// @param conf   its nix.conf
/// @param sshd   values of its sshd by lower-case keyword, as far as they could be read
/// @param exact  whether sshd itself has said them, defaults included; else they were read from its files
/// @param inodes use of inodes of its store, in percent
/// @param ahead  of our clock, less than a round trip apart from the truth; negative if it is behind
record MachineExam(
        NixConf conf, Map<String, String> sshd, boolean exact, Optional<Integer> inodes, Optional<Duration> ahead) {
    private static final int LONGEST_ANSWER = 1 << 20;
    private static final String MARK = "@@exam-";
    private static final String SCRIPT = """
            PATH=$PATH:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
            say() { echo; echo "@@exam-$1"; }
            words='^[[:blank:]]*(MaxSessions|MaxStartups|PerSourcePenalties|PerSourcePenaltyExemptList|PerSourceMaxStartups)[[:blank:]]'
            answer() {
                say clock; date +%s
                say sshd; { sshd -T || sudo -n sshd -T; } | grep -iE "$words"
                say sshdfiles; cat /etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config | grep -iE "$words"
                say inodes; df -Pi /nix/store || df -Pi /nix || df -Pi /
                say config
                nix='nix --extra-experimental-features nix-command'
                $nix config show || $nix show-config || nix show-config
                say end
            }
            answer </dev/null 2>/dev/null
            """;

    MachineExam {
        sshd = Map.copyOf(sshd);
    }

    /// Runs the script over a new channel.
    ///
    /// @throws IOException if the machine cannot be reached, or does not answer within `limit`
    static MachineExam run(Transport transport, Duration limit) throws IOException, InterruptedException {
        try (var clock = new Deadline(limit, "exam");
                var channel = transport.open(Probe.COMMAND)) {
            clock.cuts(channel);
            var asked = Instant.now();
            try (var out = channel.out()) {
                out.write(SCRIPT.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // The program does not read; its output shows whether it is a shell.
                Interruption.rethrow(e);
            }
            return parse(new String(channel.in().readNBytes(LONGEST_ANSWER), StandardCharsets.UTF_8), asked);
        }
    }

    /// @param asked when it was asked, by our clock
    static MachineExam parse(String answer, Instant asked) {
        var parts = parts(answer);
        var said = keywords(parts.getOrDefault("sshd", ""));
        return new MachineExam(
                NixConf.parse(parts.getOrDefault("config", "")),
                said.isEmpty() ? keywords(parts.getOrDefault("sshdfiles", "")) : said,
                !said.isEmpty(),
                inodes(parts.getOrDefault("inodes", "")),
                parts.getOrDefault("clock", "")
                        .lines()
                        .filter(line -> line.matches("\\d{1,12}"))
                        .findFirst()
                        .map(seconds -> Duration.between(
                                Instant.ofEpochSecond(asked.getEpochSecond()),
                                Instant.ofEpochSecond(Long.parseLong(seconds)))));
    }

    private static Map<String, String> parts(String answer) {
        var parts = new HashMap<String, String>();
        var current = "";
        for (var line : answer.lines().toList()) {
            if (line.startsWith(MARK)) current = line.substring(MARK.length()).strip();
            else if (!current.isEmpty() && !line.isBlank()) parts.merge(current, line + "\n", String::concat);
        }
        return parts;
    }

    /// The first value of a keyword counts, as for sshd.
    private static Map<String, String> keywords(String text) {
        var keywords = new HashMap<String, String>();
        for (var line : text.lines().toList()) {
            var words = line.strip().split("\\s+", 2);
            if (words.length == 2) keywords.putIfAbsent(words[0].toLowerCase(Locale.ROOT), words[1].strip());
        }
        return keywords;
    }

    /// From the last line of `df -Pi`: device, inodes, used, free, use, …
    static Optional<Integer> inodes(String text) {
        return text.lines()
                .reduce((_, last) -> last)
                .map(line -> line.split("\\s+", -1))
                .filter(fields -> fields.length >= 5 && fields[4].matches("\\d{1,3}%"))
                .map(fields -> Integer.parseInt(fields[4].substring(0, fields[4].length() - 1)));
    }

    /// The first number of a keyword's value, such as 10 of `MaxStartups 10:30:100`.
    Optional<Integer> number(String keyword) {
        return Optional.ofNullable(sshd.get(keyword))
                .map(value -> value.split("[: ]", -1)[0])
                .filter(digits -> digits.matches("\\d{1,6}"))
                .map(Integer::parseInt);
    }
}
