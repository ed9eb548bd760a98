package dispatcher.protocol;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.util.TreeMap;

/// A derivation to be built, the same in all versions of both protocols.
///
/// Shape: outputs (name, path, method and algorithm, hash), input sources, platform, builder, arguments,
/// environment.
public final class DerivationCodec {
    private DerivationCodec() {}

    public static BasicDerivation read(StoreDir storeDir, WireReader in) throws IOException {
        var outputs = new TreeMap<String, DerivationOutput>();
        int count = in.readCount("outputs");
        for (int i = 0; i < count; i++) {
            var name = in.readName("output name");
            var path = in.readName("output path");
            var method = in.readName("output hash algorithm");
            var hash = in.readName("output hash");
            try {
                StorePath.requireName("output name", name);
                if (outputs.put(name, DerivationOutput.parse(storeDir, path, method, hash)) != null)
                    throw new ProtocolException("output '%s' is there twice".formatted(name));
            } catch (NixSyntaxException e) {
                throw new ProtocolException("output '%s': %s".formatted(name, e.getMessage()), e);
            }
        }
        if (outputs.isEmpty()) throw new ProtocolException("a derivation without outputs cannot be built");
        var sources = in.readStorePaths(storeDir, "input sources");
        var platform = in.readName("platform");
        var builder = in.readByteString("builder");
        var arguments = in.readList("arguments", () -> in.readByteString("argument"));
        var environment = new TreeMap<ByteString, ByteString>();
        int variables = in.readCount("environment");
        for (int i = 0; i < variables; i++)
            environment.put(in.readByteString("environment name"), in.readByteString("environment value"));
        return new BasicDerivation(outputs, sources, platform, builder, arguments, environment);
    }

    public static void write(StoreDir storeDir, BasicDerivation derivation, WireWriter out) throws IOException {
        out.writeLong(derivation.outputs().size());
        for (var output : derivation.outputs().entrySet())
            out.writeText(output.getKey())
                    .writeText(output.getValue().path().map(storeDir::print).orElse(""))
                    .writeText(output.getValue().methodText())
                    .writeText(output.getValue().hashText());
        out.writeStorePaths(storeDir, derivation.inputSources())
                .writeText(derivation.platform())
                .writeByteString(derivation.builder())
                .writeLong(derivation.arguments().size());
        for (var argument : derivation.arguments()) out.writeByteString(argument);
        out.writeLong(derivation.environment().size());
        for (var variable : derivation.environment().entrySet())
            out.writeByteString(variable.getKey()).writeByteString(variable.getValue());
    }
}
