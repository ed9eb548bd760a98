package dispatcher.protocol;

import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.RealisationJson;
import dispatcher.nix.StoreDir;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.util.Collections;

/// Realisations in the two forms that both protocols have: the JSON text of Nix 2.4 to 2.34, which names a
/// derivation by its hash, and that of later versions, which names it by its path.
public final class RealisationCodec {
    /// One path and those that it depends on. As JSON it takes thirty times as much when it has been read.
    private static final long MOST_BYTES = 1 << 20;

    private RealisationCodec() {}

    public static void writeJson(WireWriter out, Realisation realisation) throws IOException {
        out.writeText(RealisationJson.print(realisation));
    }

    public static Realisation readJson(WireReader in) throws IOException {
        var realisation =
                WireReader.parse("realisation", in.readText("realisation", MOST_BYTES), RealisationJson::parse);
        ofHash(realisation.id());
        return realisation;
    }

    public static void writeId(StoreDir storeDir, WireWriter out, RealisationId.OfPath id) throws IOException {
        out.writeStorePath(storeDir, id.drvPath()).writeText(id.outputName());
    }

    public static RealisationId.OfPath readId(StoreDir storeDir, WireReader in) throws IOException {
        return new RealisationId.OfPath(in.readStorePath(storeDir, "derivation path"), in.readName("output name"));
    }

    /// Everything of a realisation but its id.
    public static void writeValue(StoreDir storeDir, WireWriter out, Realisation realisation) throws IOException {
        out.writeStorePath(storeDir, realisation.outPath()).writeTexts(realisation.signatures());
    }

    public static Realisation readValue(StoreDir storeDir, WireReader in, RealisationId id) throws IOException {
        return new Realisation(
                id, in.readStorePath(storeDir, "path"), in.readTexts("signatures"), Collections.emptySortedMap());
    }

    /// @throws ProtocolException if the derivation is named by its path
    public static RealisationId.OfHash ofHash(RealisationId id) throws ProtocolException {
        if (id instanceof RealisationId.OfHash hash) return hash;
        throw new ProtocolException("realisation %s names its derivation by path, and not by hash".formatted(id));
    }

    /// @throws ProtocolException if the derivation is named by its hash
    public static RealisationId.OfPath ofPath(RealisationId id) throws ProtocolException {
        if (id instanceof RealisationId.OfPath path) return path;
        throw new ProtocolException("realisation %s names its derivation by hash, and not by path".formatted(id));
    }
}
