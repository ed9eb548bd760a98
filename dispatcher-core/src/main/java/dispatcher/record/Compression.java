package dispatcher.record;

import dispatcher.nix.ByteString;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/// How short texts are kept that are much alike: by `deflate`, with a dictionary of what they have in common. What was
/// compressed without one is read too. Immutable.
public final class Compression {
    /// Of logs, with what builders of Nixpkgs print; the most frequent is last.
    static final Compression LOGS = new Compression("""
            warning: unused variable: error: undefined reference to `main' collect2: error: ld returned 1 exit status
            gcc -DHAVE_CONFIG_H -I. -I.. -g -O2 -fPIC -Wall -c -o .libs/ -MD -MP -MF .deps/.Tpo libtool: compile: link:
            make[2]: Leaving directory '/build/source' make[1]: Entering directory '/build/ make  all-recursive
            -- Installing: /nix/store/ -- Up-to-date: [ 50%] Building CXX object CMakeFiles/ [100%] Linking CXX executable
            Compiling v0.1.0 (/build/source) Finished `release` profile [optimized] target(s) in running 0 tests
            test result: ok. 0 passed; 0 failed; 0 ignored; Ran 0 tests in 0.001s OK PASS: FAIL:
            added 100 packages in 10s Successfully built Processing ./dist/ Executing pythonImportsCheckPhase
            checking for a BSD-compatible install... checking whether build environment is sane... yes
            checking for gcc... gcc checking whether the C compiler works... yes checking for suffix of object files... o
            config.status: creating Makefile config.status: creating config.h config.status: executing depfiles commands
            configure flags: --disable-dependency-tracking --prefix=/nix/store/ --disable-static
            unpacking source archive /nix/store/00000000000000000000000000000000-source.tar.gz
            source root is source setting SOURCE_DATE_EPOCH to timestamp 315619200 of file "source/"
            Running phase: unpackPhase Running phase: patchPhase Running phase: updateAutotoolsGnuConfigScriptsPhase
            Running phase: configurePhase Running phase: buildPhase Running phase: checkPhase Running phase: installPhase
            build flags: -j8 SHELL=/nix/store/00000000000000000000000000000000-bash-5.2p37/bin/bash
            install flags: SHELL= no configure script, doing nothing no Makefile or custom buildPhase, doing nothing
            Running phase: fixupPhase shrinking RPATHs of ELF executables and libraries in /nix/store/ shrinking
            checking for references to /build/ in /nix/store/
            patching script interpreter paths in /nix/store/
            stripping (with command strip and flags -S -p) in  /nix/store/
            """.replace('\n', ' ').replace("  ", "\n"));

    private final byte[] dictionary;

    /// @param dictionary never to be changed
    public Compression(String dictionary) {
        this.dictionary = dictionary.getBytes(StandardCharsets.UTF_8);
    }

    public ByteString compress(byte[] text) {
        var deflater = new Deflater(Deflater.BEST_SPEED);
        try {
            deflater.setDictionary(dictionary);
            deflater.setInput(text);
            deflater.finish();
            var out = new ByteArrayOutputStream();
            var piece = new byte[8192];
            while (!deflater.finished()) out.write(piece, 0, deflater.deflate(piece));
            return ByteString.wrap(out.toByteArray());
        } finally {
            deflater.end();
        }
    }

    /// @throws IllegalArgumentException if that is not what was compressed
    public byte[] decompress(ByteString compressed) {
        var inflater = new Inflater();
        try {
            inflater.setInput(compressed.toByteArray());
            var out = new ByteArrayOutputStream();
            var piece = new byte[8192];
            while (!inflater.finished()) {
                int n = inflater.inflate(piece);
                if (n > 0) out.write(piece, 0, n);
                else if (inflater.needsDictionary()) inflater.setDictionary(dictionary);
                else if (!inflater.finished()) throw new IllegalArgumentException("it is cut off");
            }
            return out.toByteArray();
        } catch (DataFormatException e) {
            throw new IllegalArgumentException("it is damaged", e);
        } finally {
            inflater.end();
        }
    }
}
