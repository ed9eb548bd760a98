package dispatcher.ssh.config;

import java.util.Map;

/// Replaces `%x` in values of ssh_config.
///
/// @param values by the letter
record Tokens(Map<Character, String> values) {
    Tokens {
        values = Map.copyOf(values);
    }

    /// @throws IllegalArgumentException if a token is not known or cut short
    String expand(String text) {
        StringBuilder out = new StringBuilder();
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c != '%') {
                out.append(c);
                continue;
            }
            if (++at == text.length())
                throw new BadLineException("'%s' ends with %%; write %%%% for a percent sign".formatted(text));
            char name = text.charAt(at);
            String value = name == '%' ? "%" : values.get(name);
            if (value == null)
                throw new BadLineException("'%s' has %%%s, which is not known here".formatted(text, name));
            out.append(value);
        }
        return out.toString();
    }
}
