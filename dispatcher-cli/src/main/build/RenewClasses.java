import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.reflect.ClassFileFormatVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// Gives the classes of a jar that were compiled for Java 5 the form of Java 8, with the frames for the verifier that
/// belong to it: the JVM leaves older classes out of AOT caches, and loads, parses and verifies them at every start.
/// For picocli that is a fifth of a short command's time. Changes nothing else, and no jar that has no such class.
///
///     java -cp JAR RenewClasses.java JAR
final class RenewClasses {
    private static final int LEAST = ClassFileFormatVersion.RELEASE_6.major();
    private static final int NEW = ClassFileFormatVersion.RELEASE_8.major();

    private RenewClasses() {}

    /// @param args the jar, which has to be on the class path too: frames depend on which class extends which
    public static void main(String[] args) throws IOException {
        var jar = Path.of(args[0]);
        var renewed = new ByteArrayOutputStream();
        int count = 0;
        try (var in = new JarFile(jar.toFile());
                var out = new ZipOutputStream(renewed)) {
            for (var entry : Collections.list(in.entries())) {
                byte[] bytes;
                try (var stream = in.getInputStream(entry)) {
                    bytes = stream.readAllBytes();
                }
                if (entry.getName().endsWith(".class") && major(bytes) < LEAST) {
                    bytes = renewed(bytes);
                    count++;
                }
                var copy = new ZipEntry(entry.getName());
                copy.setTime(entry.getTime());
                out.putNextEntry(copy);
                out.write(bytes);
            }
            out.setComment("Changed: " + count + " classes have the class file format of Java 8.");
        }
        if (count == 0) return;
        var draft = jar.resolveSibling(jar.getFileName() + ".new");
        Files.write(draft, renewed.toByteArray());
        Files.move(draft, jar, StandardCopyOption.REPLACE_EXISTING);
        System.out.println(count + " classes of " + jar.getFileName() + " renewed");
    }

    private static int major(byte[] classFile) {
        return (classFile[6] & 0xff) << 8 | classFile[7] & 0xff;
    }

    private static byte[] renewed(byte[] bytes) {
        var format = ClassFile.of(StackMapsOption.GENERATE_STACK_MAPS);
        // With each method's code taken apart and put together: only then are there frames for it.
        var change = ClassTransform.transformingMethodBodies(CodeBuilder::with)
                .andThen((builder, element) ->
                        builder.with(element instanceof ClassFileVersion ? ClassFileVersion.of(NEW, 0) : element));
        return format.transformClass(format.parse(bytes), change);
    }
}
