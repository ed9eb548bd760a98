package dispatcher.ssh.config;

import dispatcher.text.Wildcards;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Whether a `Host` or `Match` line is about the host that is asked for.
///
/// @param originalHost as it was asked for
/// @param host         what `HostName` has made of it so far
/// @param user         the login, as far as it is known
/// @param localUser    who asks
record Conditions(String originalHost, String host, String user, String localUser) {
    /// `Host`: one of the patterns matches, and none of those that begin with `!`.
    boolean host(List<String> patterns) {
        boolean found = false;
        for (String pattern : patterns) {
            boolean negated = pattern.startsWith("!");
            if (!Wildcards.matchesGlob(negated ? pattern.substring(1) : pattern, originalHost)) continue;
            if (negated) return false;
            found = true;
        }
        return found;
    }

    /// `Match`: all of the criteria hold.
    ///
    /// @throws IllegalArgumentException if one is not known here; then none of them counts
    boolean match(List<String> criteria) {
        boolean all = true;
        for (int i = 0; i < criteria.size(); i++) {
            String written = criteria.get(i);
            boolean negated = written.startsWith("!");
            String criterion = written.substring(negated ? 1 : 0);
            int equals = criterion.indexOf('=');
            String name = (equals < 0 ? criterion : criterion.substring(0, equals)).toLowerCase(Locale.ROOT);
            boolean holds;
            if (name.equals("all")) {
                holds = true;
            } else {
                String subject = subject(name)
                        .orElseThrow(() -> new BadLineException(
                                "`Match %s` is not supported here (all, host, originalhost, user and localuser are)"
                                        .formatted(name)));
                if (equals < 0 && ++i == criteria.size())
                    throw new BadLineException("`Match %s` names no pattern".formatted(name));
                holds = matchesList(equals < 0 ? criteria.get(i) : criterion.substring(equals + 1), subject, name);
            }
            all &= holds != negated;
        }
        return all;
    }

    private Optional<String> subject(String criterion) {
        return switch (criterion) {
            case "host" -> Optional.of(host);
            case "originalhost" -> Optional.of(originalHost);
            case "user" -> Optional.of(user);
            case "localuser" -> Optional.of(localUser);
            default -> Optional.empty();
        };
    }

    private static boolean matchesList(String patterns, String subject, String criterion) {
        boolean ofHost = criterion.endsWith("host");
        String text = ofHost ? subject.toLowerCase(Locale.ROOT) : subject;
        boolean found = false;
        for (String each : patterns.split(",", -1)) {
            boolean negated = each.startsWith("!");
            String pattern = negated ? each.substring(1) : each;
            if (!Wildcards.matchesGlob(ofHost ? pattern.toLowerCase(Locale.ROOT) : pattern, text)) continue;
            if (negated) return false;
            found = true;
        }
        return found;
    }
}
