package dispatcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.DerivedPath;
import dispatcher.nix.Hash;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.RealisationJson;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.aterm.DerivationText;
import dispatcher.nix.attributes.DerivationAttributes;
import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.nix.key.NixSecretKey;
import dispatcher.nix.key.NixSignature;
import dispatcher.nix.nar.NarParser;
import dispatcher.nix.nar.NarSyntaxException;
import dispatcher.testkit.Bounds;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.Samples;
import dispatcher.wire.FramedInput;
import dispatcher.wire.Limits;
import dispatcher.wire.NarCopy;
import dispatcher.wire.WireReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/// Every parser of bytes from outside either refuses them with its own exception or reads what it would write again.
///
/// A normal run only replays the inputs under `src/test/resources/dispatcher/FormatsFuzzTestInputs`.
/// `scripts/fuzz` looks for new ones.
class FormatsFuzzTest {
    private static final StoreDir STORE = StoreDir.NIX_STORE;
    private static final String DURATION = "10m";

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @FuzzTest(maxDuration = DURATION)
    void nar(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryNar(bytes));
    }

    private static void tryNar(byte[] bytes) {
        var builder = new NarTree.Builder();
        var whole = new NarParser(builder);
        var pieces = new NarParser();
        try {
            int taken = whole.accept(bytes, 0, bytes.length);
            int size = bytes.length == 0 ? 1 : 1 + (bytes[0] & 0x1f);
            for (int at = 0; at < bytes.length && !pieces.isComplete(); )
                at += pieces.accept(bytes, at, Math.min(size, bytes.length - at));
            assertThat(pieces.position()).isEqualTo(taken);
            assertThat(pieces.isComplete()).isEqualTo(whole.isComplete());
            if (whole.isComplete()) assertThat(builder.root().toNar()).isEqualTo(Arrays.copyOf(bytes, taken));
        } catch (NarSyntaxException e) {
            assertThat(e.position()).isBetween(0L, (long) bytes.length);
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void derivation(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryDerivation(bytes));
    }

    private static void tryDerivation(byte[] bytes) {
        try {
            var derivation = DerivationText.parse(STORE, bytes);
            assertThat(DerivationText.parse(STORE, DerivationText.print(STORE, derivation)))
                    .isEqualTo(derivation);
        } catch (NixSyntaxException e) {
            assertThat(e).hasMessageContaining("at byte");
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void hash(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryHash(bytes));
    }

    private static void tryHash(byte[] bytes) {
        for (var algorithm : HashAlgorithm.values()) {
            try {
                var hash = Hash.parse(algorithm, text(bytes));
                assertThat(Hash.parseTyped(hash.toString())).isEqualTo(hash);
                assertThat(Hash.parseTyped(hash.sri())).isEqualTo(hash);
            } catch (NixSyntaxException e) {
                assertThat(e).hasMessageContaining("is not a");
            }
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void contentAddress(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryContentAddress(bytes));
    }

    private static void tryContentAddress(byte[] bytes) {
        try {
            var address = ContentAddress.parse(text(bytes));
            assertThat(ContentAddress.parse(address.toString())).isEqualTo(address);
        } catch (NixSyntaxException e) {
            assertThat(e).hasMessageContaining("is not a");
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void json(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryJson(bytes));
    }

    private static void tryJson(byte[] bytes) {
        try {
            var json = Json.parse(bytes);
            var printed = Json.print(json);
            assertThat(Json.print(Json.parse(printed))).isEqualTo(printed);
        } catch (JsonSyntaxException e) {
            assertThat(e.position()).isBetween(0L, (long) bytes.length);
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void realisation(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryRealisation(bytes));
    }

    private static void tryRealisation(byte[] bytes) {
        try {
            var realisation = RealisationJson.parse(text(bytes));
            assertThat(RealisationJson.parse(RealisationJson.print(realisation)))
                    .isEqualTo(realisation);
        } catch (NixSyntaxException e) {
            assertThat(e).hasMessageContaining("is not a");
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void derivedPath(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryDerivedPath(bytes));
    }

    private static void tryDerivedPath(byte[] bytes) {
        try {
            var path = DerivedPath.parse(STORE, text(bytes));
            assertThat(DerivedPath.parse(STORE, path.print(STORE))).isEqualTo(path);
            assertThat(DerivedPath.parseLegacy(STORE, path.print(STORE)).print(STORE))
                    .startsWith(path.print(STORE));
        } catch (NixSyntaxException e) {
            assertThat(e).hasMessageContaining("is not a");
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void storePath(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryStorePath(bytes));
    }

    private static void tryStorePath(byte[] bytes) {
        try {
            var path = StorePath.parse(text(bytes));
            assertThat(StorePath.of(path.hashPart(), path.name())).isEqualTo(path);
            assertThat(ByteString.of(path.baseName())).isEqualTo(ByteString.copyOf(bytes));
        } catch (NixSyntaxException e) {
            assertThat(e).hasMessageContaining("is not a");
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void wire(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryWire(bytes));
    }

    private static void tryWire(byte[] bytes) {
        var reader = new WireReader(new ByteArrayInputStream(bytes), new Limits(1000, 1000, 100_000), 64);
        try {
            while (reader.awaitInput()) {
                switch (reader.readInt("choice") % 6) {
                    case 0 -> reader.readStorePaths(STORE, "paths");
                    case 1 -> reader.readText("text");
                    case 2 -> reader.readNames("names");
                    case 3 -> NarCopy.copy(reader, OutputStream.nullOutputStream(), 10_000);
                    case 4 -> new FramedInput(reader).drain();
                    default -> reader.readOptionalStorePath(STORE, "path");
                }
            }
        } catch (IOException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void attributes(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryAttributes(bytes));
    }

    private static void tryAttributes(byte[] bytes) {
        for (var name : new String[] {"__json", "requiredSystemFeatures"}) {
            var plain = Samples.DERIVATION;
            var derivation = new BasicDerivation(
                    plain.outputs(),
                    plain.inputSources(),
                    plain.platform(),
                    plain.builder(),
                    plain.arguments(),
                    new TreeMap<>(Map.of(ByteString.of(name), ByteString.copyOf(bytes))));
            try {
                assertThat(DerivationAttributes.of(derivation).requiredSystemFeatures())
                        .isNotNull();
            } catch (NixSyntaxException e) {
                assertThat(e).hasMessageContaining("attribute");
            }
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void signature(byte[] bytes) {
        Bounds.hold(bytes.length, () -> trySignature(text(bytes)));
    }

    private static void trySignature(String text) {
        try {
            var signature = NixSignature.parse(text);
            assertThat(NixSignature.parse(signature.toString())).isEqualTo(signature);
        } catch (NixSyntaxException e) {
            assertThat(e).hasMessageContaining("signature");
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void publicKey(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryPublicKey(text(bytes)));
    }

    private static void tryPublicKey(String text) {
        try {
            var key = NixPublicKey.parse(text);
            assertThat(NixPublicKey.parse(key.toString())).isEqualTo(key);
        } catch (NixSyntaxException e) {
            assertThat(e).hasMessageContaining("public key");
        }
    }

    /// Whatever is wrong with it, nothing of it is said.
    @FuzzTest(maxDuration = DURATION)
    void secretKey(byte[] bytes) {
        Bounds.hold(bytes.length, () -> trySecretKey(text(bytes)));
    }

    private static void trySecretKey(String text) {
        try {
            var key = NixSecretKey.parse(text);
            var secret = text.substring(text.indexOf(':') + 1).strip();
            assertThat(key.toString()).doesNotContain(secret);
            assertThat(key.publicKey().toString()).doesNotContain(secret);
        } catch (NixSyntaxException e) {
            assertThat(e).hasMessageContaining("'(not shown)' is not a secret key");
            if (text.strip().length() > 60) assertThat(e.getMessage()).doesNotContain(text.strip());
        }
    }
}
