package dispatcher.access;

import dispatcher.machine.PublicHostKey;
import dispatcher.nix.NixSyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// Distinguishes text that names a key from text that only looks so, and says what to write instead.
final class KeyText {
    private static final Pattern TYPE = Pattern.compile("(sk-)?(ssh|ecdsa)-[A-Za-z0-9@.-]+");

    /// The base 64 of a key, which begins with the length of its type.
    private static final Pattern BASE64_KEY = Pattern.compile("AAAA[A-Za-z0-9+/]{12,}=*");

    private static final Pattern OTHER_DIGEST = Pattern.compile("(?i)(MD5|SHA1|SHA224|SHA384|SHA512):.*");
    private static final Pattern HEX_PAIRS = Pattern.compile("(?i)([0-9a-f]{2}:){15}[0-9a-f]{2}");
    private static final Pattern BARE_DIGEST = Pattern.compile("[A-Za-z0-9+/]{43}=?");
    private static final String CERTIFICATE = "-cert-v";

    private KeyText() {}

    /// @param text without blanks around it
    static ClientPattern parse(String text) {
        var words = List.of(text.split("\\s+"));
        var upper = text.toUpperCase(Locale.ROOT);
        if (upper.startsWith(ClientPattern.PREFIX) && words.size() == 1)
            return new ClientPattern.Fingerprint(ClientPattern.PREFIX + text.substring(ClientPattern.PREFIX.length()));
        if (TYPE.matcher(words.getFirst()).matches()) return key(text, words);
        refuseWhatWasMeantAsAKey(text, words);
        return new ClientPattern.Name(text);
    }

    private static ClientPattern key(String text, List<String> words) {
        if (words.getFirst().contains(CERTIFICATE))
            throw new IllegalArgumentException(
                    "'%s' begins a certificate, with which nobody comes in here; write the key that it certifies, or"
                                    .formatted(words.getFirst())
                            + " its fingerprint (`ssh-keygen -lf CERTIFICATE`)");
        if (words.size() == 1)
            throw new IllegalArgumentException(
                    "'%s' is the type of a key without the key; write the whole line of its .pub file".formatted(text));
        try {
            return new ClientPattern.Fingerprint(PublicHostKey.parse(text).fingerprint());
        } catch (NixSyntaxException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static void refuseWhatWasMeantAsAKey(String text, List<String> words) {
        if (OTHER_DIGEST.matcher(text).matches() || HEX_PAIRS.matcher(text).matches())
            throw new IllegalArgumentException(
                    "'%s' is a fingerprint of another kind; write what `ssh-keygen -lf KEY.pub` shows: SHA256:…"
                            .formatted(text));
        if (BARE_DIGEST.matcher(text).matches())
            throw new IllegalArgumentException(
                    "'%s' looks like a fingerprint without its beginning; write SHA256:%s".formatted(text, text));
        for (var word : words) {
            if (word.toUpperCase(Locale.ROOT).startsWith(ClientPattern.PREFIX))
                throw new IllegalArgumentException(
                        "'%s' has a fingerprint in it; write that alone: %s".formatted(text, word));
            if (BASE64_KEY.matcher(word).matches())
                throw new IllegalArgumentException(
                        "a key without its type, or with something before it; write '<type> %s…' alone, and options in"
                                        .formatted(word.substring(0, 12))
                                + " authorized_keys");
        }
    }
}
