package dispatcher.ssh.keys;

import dispatcher.protocol.Permission;
import dispatcher.protocol.RemoteCommand;
import java.net.InetAddress;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What the options before a key in authorized_keys restrict it to. Every option of OpenSSH is known: it is
/// honoured, or it restricts something that does not exist here, or the key is refused, as it would otherwise get
/// more than its owner meant. An option that OpenSSH does not know, mostly a misspelt one, has the key refused too.
/// The SSH library gives no meaning to options.
///
/// @param from       where the key may come in from; anywhere if empty
/// @param expires    when it is no longer good; never if empty
/// @param permission what it may do
///
/// Source: sshd(8), "AUTHORIZED_KEYS FILE FORMAT"; OpenSSH 10, `sshauthopt_parse`.
public record KeyOptions(Optional<AddressPatterns> from, Optional<Instant> expires, Permission permission) {
    public static final KeyOptions NONE = new KeyOptions(Optional.empty(), Optional.empty(), Permission.ALL);

    /// Of terminals, forwarding and `~/.ssh/rc`, there is none here. Touching a security key can be asked for only
    /// where the key is one, and those are refused.
    private static final Set<String> FLAGS = Set.of(
            "restrict",
            "port-forwarding",
            "agent-forwarding",
            "x11-forwarding",
            "pty",
            "user-rc",
            "touch-required",
            "verify-required");

    /// Likewise, with values; and variables, which mean nothing to the protocols, and which sshd does not take
    /// either if not set up to (`PermitUserEnvironment`).
    private static final Set<String> HARMLESS = Set.of("permitopen", "permitlisten", "tunnel", "environment");

    private static final Set<String> RESTRICTING = Set.of("from", "command", "expiry-time");
    private static final String COMMANDS =
            "`nix-daemon --stdio`, `nix-store --serve --write` and `nix-store --serve` (without uploads and builds)";
    private static final Pattern TIME =
            Pattern.compile("(\\d{4})(\\d{2})(\\d{2})(?:(\\d{2})(\\d{2})(\\d{2})?)?(Z|UTC)?", Pattern.CASE_INSENSITIVE);

    /// @param list joined by commas
    /// @throws IllegalArgumentException if the key must not be used with them, with the option and the reason
    static KeyOptions parse(String list) {
        return new Reader().read(list);
    }

    /// Why a key may not come in; empty if it may.
    public Optional<String> objection(InetAddress address, Instant now) {
        if (from.isPresent() && !from.get().matches(address))
            return Optional.of(
                    "from=\"%s\" does not let it in from %s".formatted(from.get(), address.getHostAddress()));
        if (expires.isPresent() && !now.isBefore(expires.get()))
            return Optional.of("it has expired (expiry-time, %s)".formatted(expires.get()));
        return Optional.empty();
    }

    private static final class Reader {
        private final Set<String> seen = new HashSet<>();
        private Optional<AddressPatterns> from = Optional.empty();
        private Optional<Instant> expires = Optional.empty();
        private Permission permission = Permission.ALL;

        KeyOptions read(String list) {
            for (String option : OptionList.split(list)) {
                int equals = option.indexOf('=');
                if (equals < 0) flag(option);
                else valued(option.substring(0, equals), option.substring(equals + 1));
            }
            return new KeyOptions(from, expires, permission);
        }

        private void flag(String option) {
            String name = option.toLowerCase(Locale.ROOT);
            if (name.equals("cert-authority"))
                throw refuse(name, "certificates are not supported here; give the keys of the clients themselves");
            if (FLAGS.contains(name) || (name.startsWith("no-") && FLAGS.contains(name.substring(3)))) return;
            if (RESTRICTING.contains(name) || HARMLESS.contains(name) || name.equals("principals"))
                throw refuse(name, "it needs a value: %s=\"…\"".formatted(name));
            throw unknown(option);
        }

        private void valued(String written, String quoted) {
            String name = written.toLowerCase(Locale.ROOT);
            if (name.equals("principals"))
                throw refuse(name, "certificates are not supported here; give the keys of the clients themselves");
            if (!RESTRICTING.contains(name) && !HARMLESS.contains(name)) throw unknown(written);
            String value = OptionList.unquote(quoted)
                    .orElseThrow(() -> refuse(name, "its value must be in double quotes: %s=\"…\"".formatted(name)));
            if (HARMLESS.contains(name)) return;
            if (!seen.add(name)) throw refuse(name, "it is there twice");
            try {
                switch (name) {
                    case "from" -> from = Optional.of(AddressPatterns.parse(value));
                    case "command" -> permission = command(value);
                    default -> expires = Optional.of(time(value));
                }
            } catch (OptionException e) {
                throw e;
            } catch (IllegalArgumentException e) {
                throw refuse(name, e.getMessage());
            }
        }

        private static Permission command(String value) {
            return RemoteCommand.permission(value)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "'%s' cannot be run here; possible are %s, with nothing around them"
                                    .formatted(value, COMMANDS)));
        }

        /// As sshd reads it: a day, or a minute, or a second; of this host's time zone unless it ends in Z.
        private static Instant time(String value) {
            Matcher parts = TIME.matcher(value);
            try {
                if (parts.matches())
                    return LocalDateTime.of(
                                    number(parts, 1),
                                    number(parts, 2),
                                    number(parts, 3),
                                    number(parts, 4),
                                    number(parts, 5),
                                    number(parts, 6))
                            .atZone(parts.group(7) == null ? ZoneId.systemDefault() : ZoneOffset.UTC)
                            .toInstant();
            } catch (DateTimeException e) {
                throw new IllegalArgumentException("'%s' is no time: %s".formatted(value, e.getMessage()), e);
            }
            throw new IllegalArgumentException(
                    "'%s' is no time; write YYYYMMDD or YYYYMMDDHHMM, with Z for UTC".formatted(value));
        }

        private static int number(Matcher parts, int group) {
            return parts.group(group) == null ? 0 : Integer.parseInt(parts.group(group));
        }
    }

    private static OptionException unknown(String option) {
        return refuse(
                option,
                "OpenSSH has no such option; see sshd(8), AUTHORIZED_KEYS. With a value there are %s; without, %s"
                        .formatted(listed(Stream.of(RESTRICTING, HARMLESS)), listed(Stream.of(FLAGS))));
    }

    private static String listed(Stream<Set<String>> names) {
        return names.flatMap(Set::stream).sorted().collect(Collectors.joining(", "));
    }

    private static OptionException refuse(String option, @Nullable String why) {
        return new OptionException("option '%s': %s".formatted(option, why));
    }

    private static final class OptionException extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        OptionException(String message) {
            super(message);
        }
    }
}
