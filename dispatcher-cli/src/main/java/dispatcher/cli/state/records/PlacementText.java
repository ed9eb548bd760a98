package dispatcher.cli.state.records;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dispatcher.build.placement.PlacementAccount;
import dispatcher.nix.ByteString;
import dispatcher.nix.json.StrictJson;
import dispatcher.record.Compression;
import dispatcher.schedule.policy.Placement;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// An account of a placement in a column: a short JSON array, `[CHOSEN, [OTHER, …], FREE, {REASON: MACHINES, …}]`,
/// where a machine is `[name, untilStart, boot, copyBytes, copy, build, slotsTaken, slots, speed, flags]`. Times
/// are in milliseconds, speed in thousandths; the flags add up: 1 spared, 2 its start is measured, 4 the build is.
/// It is compressed.
final class PlacementText {
    private static final JsonFactory FACTORY = StrictJson.factory(Integer.MAX_VALUE);
    private static final double THOUSAND = 1000;

    /// The most frequent is last.
    private static final Compression COMPRESSION = new Compression("""
            it is not in the settings any more it has no resource its memory is GiB, and the build takes
            its maxJobs is 0 it is kept for builds that require the build is for machine only not yet described
            what was measured there speaks against it":it is to stay off":it is set aside until it works again":
            the build has been lost there, or must not go there":others have taken what the build needs of it":
            it lacks the feature kvm":it lacks the feature big-parallel":,nixos-test":benchmark":
            it builds for aarch64-linux, not for x86_64-linux":it builds for x86_64-darwin, aarch64-darwin, not for
            it builds for i686-linux, x86_64-linux, not for aarch64-linux":,"it is drained":1
            ,4,6],["builder- ,16,1000,6],["machine ,1,2,1000,6],["0,8,1000,6]],1,{"all its slots are taken":1}]
            [["0,0,0,0,100,30000,0,8,1000,6],[["0,0,0,0,100,0,8,1000,6],["
            """);

    private PlacementText() {}

    static byte[] print(PlacementAccount account) {
        var printed = new StringWriter();
        try (var out = FACTORY.createGenerator(printed)) {
            out.writeStartArray();
            print(out, account.chosen());
            out.writeStartArray();
            for (var other : account.others()) print(out, other);
            out.writeEndArray();
            out.writeNumber(account.free());
            out.writeStartObject();
            for (var objection : account.objections().entrySet())
                out.writeNumberField(objection.getKey(), objection.getValue());
            out.writeEndObject();
            out.writeEndArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return COMPRESSION
                .compress(printed.toString().getBytes(StandardCharsets.UTF_8))
                .toByteArray();
    }

    private static void print(JsonGenerator out, Placement placement) throws IOException {
        out.writeStartArray();
        out.writeString(placement.machine());
        out.writeNumber(thousandths(placement.untilStart()));
        out.writeNumber(thousandths(placement.boot()));
        out.writeNumber(placement.copyBytes());
        out.writeNumber(thousandths(placement.copy()));
        out.writeNumber(thousandths(placement.build()));
        out.writeNumber(placement.slotsTaken());
        out.writeNumber(placement.slots());
        out.writeNumber(thousandths(placement.speed()));
        out.writeNumber((placement.spared() ? 1 : 0)
                + (placement.isStartMeasured() ? 2 : 0)
                + (placement.isBuildMeasured() ? 4 : 0));
        out.writeEndArray();
    }

    private static long thousandths(double number) {
        return Math.round(number * THOUSAND);
    }

    /// @throws IllegalArgumentException if it is none
    static PlacementAccount parse(byte[] compressed) {
        try (var in = FACTORY.createParser(COMPRESSION.decompress(ByteString.wrap(compressed)))) {
            expect(in, JsonToken.START_ARRAY);
            expect(in, JsonToken.START_ARRAY);
            var chosen = placement(in);
            expect(in, JsonToken.START_ARRAY);
            var others = new ArrayList<Placement>();
            while (in.nextToken() == JsonToken.START_ARRAY) others.add(placement(in));
            int free = (int) number(in);
            return new PlacementAccount(chosen, List.copyOf(others), free, objections(in));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no account of a placement: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SortedMap<String, Integer> objections(JsonParser in) throws IOException {
        expect(in, JsonToken.START_OBJECT);
        var objections = new TreeMap<String, Integer>();
        for (var name = in.nextFieldName(); name != null; name = in.nextFieldName())
            objections.put(name, (int) number(in));
        return objections;
    }

    private static Placement placement(JsonParser in) throws IOException {
        expect(in, JsonToken.VALUE_STRING);
        var machine = in.getText();
        double untilStart = number(in) / THOUSAND;
        double boot = number(in) / THOUSAND;
        long copyBytes = number(in);
        double copy = number(in) / THOUSAND;
        double build = number(in) / THOUSAND;
        int taken = (int) number(in);
        int slots = (int) number(in);
        double speed = number(in) / THOUSAND;
        long flags = number(in);
        expect(in, JsonToken.END_ARRAY);
        return new Placement(
                machine,
                untilStart,
                boot,
                copyBytes,
                copy,
                build,
                (flags & 1) != 0,
                taken,
                slots,
                speed,
                (flags & 2) != 0,
                (flags & 4) != 0);
    }

    private static long number(JsonParser in) throws IOException {
        expect(in, JsonToken.VALUE_NUMBER_INT);
        return in.getLongValue();
    }

    private static void expect(JsonParser in, JsonToken token) throws IOException {
        if (in.nextToken() != token) throw new IllegalArgumentException("no account of a placement");
    }
}
