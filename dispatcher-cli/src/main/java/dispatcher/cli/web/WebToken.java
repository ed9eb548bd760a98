package dispatcher.cli.web;

import dispatcher.cli.secret.SecretSetting;
import dispatcher.cli.terminal.UserFacingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// The secret that lets people act on the page. A browser that has shown it gets a pass, which says until when it is
/// good and is signed with the token; so passes take no memory, and none is good after the token has changed.
/// Immutable.
final class WebToken {
    static final Duration GOOD_FOR = Duration.ofHours(12);
    private static final int SHORTEST = 16;
    private static final int LONGEST = 1024;
    private static final Pattern TEXT = Pattern.compile("[!-~]{%d,%d}".formatted(SHORTEST, LONGEST));
    private static final Pattern PASS = Pattern.compile("(\\d{1,18})\\.([0-9a-f]{64})");

    private final byte[] token;
    private final InstantSource clock;

    WebToken(String token, InstantSource clock) {
        if (!TEXT.matcher(token).matches())
            throw new IllegalArgumentException(
                    "a token has %d to %d characters of ASCII and no blanks".formatted(SHORTEST, LONGEST));
        this.token = token.getBytes(StandardCharsets.US_ASCII);
        this.clock = clock;
    }

    /// @throws UserFacingException if the file is none with a token, or no secret; says nothing of what is in it
    static WebToken read(Path file, InstantSource clock) {
        var make = "with `(umask 077; openssl rand -hex 32 > %s)`".formatted(file);
        var setting = new SecretSetting("use web.tokenFile", "token file", file, "make it " + make);
        var text = setting.text().strip();
        try {
            return new WebToken(text, clock);
        } catch (IllegalArgumentException e) {
            throw setting.unusable(String.valueOf(e.getMessage()), "make one " + make);
        }
    }

    /// Takes the same time for every text of the same length.
    boolean is(String text) {
        return MessageDigest.isEqual(token, text.getBytes(StandardCharsets.UTF_8));
    }

    String pass() {
        var until = Long.toString(clock.instant().plus(GOOD_FOR).getEpochSecond());
        return until + "." + signature(until);
    }

    boolean isPass(String text) {
        var matcher = PASS.matcher(text);
        if (!matcher.matches()) return false;
        boolean ours = MessageDigest.isEqual(
                signature(matcher.group(1)).getBytes(StandardCharsets.US_ASCII),
                matcher.group(2).getBytes(StandardCharsets.US_ASCII));
        return ours && Long.parseLong(matcher.group(1)) > clock.instant().getEpochSecond();
    }

    private String signature(String until) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(token, "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(("pass until " + until).getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HMAC with SHA-256", e);
        }
    }

    /// @param file of the settings
    static Optional<WebToken> of(Optional<Path> file, InstantSource clock) {
        return file.map(path -> read(path, clock));
    }
}
