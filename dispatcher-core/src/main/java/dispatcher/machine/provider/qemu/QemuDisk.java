package dispatcher.machine.provider.qemu;

import dispatcher.machine.OnDemand;
import dispatcher.machine.provider.ShellCommand;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// The disk of a virtual machine, in qcow2: a layer above its image, or empty at first.
record QemuDisk(OnDemand.Qemu settings, QemuFolder folder, Tool tool) {
    /// Where the format has the size that the machine sees, in eight bytes.
    private static final int SIZE_AT = 24;

    private static final String MAGIC = "QFI\u00fb";

    /// Runs a program to its end.
    interface Tool {
        /// @param line for the shell
        /// @throws IOException in the program's words, if it fails
        void run(String name, String line) throws IOException, InterruptedException;
    }

    /// Makes it if it is not there, is to begin anew, or is a layer above another image; and as large as it should be.
    void make() throws IOException, InterruptedException {
        var image = settings.image().isPresent() ? describe(settings.image().get()) : "none\n";
        boolean isOfImage = Files.isRegularFile(folder.imageOfDisk())
                && Files.readString(folder.imageOfDisk()).equals(image);
        if (settings.ephemeral() || !isOfImage) Files.deleteIfExists(folder.disk());
        if (!Files.exists(folder.disk())) create(image);
        grow();
    }

    private void create(String image) throws IOException, InterruptedException {
        var disk = word(folder.disk());
        if (settings.image().isPresent())
            qemuImg("create -q -f qcow2 -F %s -b %s %s"
                    .formatted(
                            format(settings.image().get()),
                            word(settings.image().get()),
                            disk));
        else
            qemuImg("create -q -f qcow2 %s %dM"
                    .formatted(disk, settings.diskSize().orElseThrow()));
        Files.writeString(folder.imageOfDisk(), image);
    }

    /// A disk only grows: what is in it may not fit into less.
    private void grow() throws IOException, InterruptedException {
        long wanted = (long) settings.diskSize().orElse(0) << 20;
        if (virtualSize(folder) < wanted) qemuImg("resize -q -f qcow2 %s %d".formatted(word(folder.disk()), wanted));
    }

    private void qemuImg(String words) throws IOException, InterruptedException {
        tool.run("qemu-img", "qemu-img " + words);
    }

    private static String word(Path path) {
        return ShellCommand.quoted(path.toString());
    }

    /// Bytes that the machine sees; 0 if there is no disk yet.
    static long virtualSize(QemuFolder folder) throws IOException {
        if (!Files.isRegularFile(folder.disk())) return 0;
        try (var file = new RandomAccessFile(folder.disk().toFile(), "r")) {
            file.seek(SIZE_AT);
            return file.readLong();
        }
    }

    /// Differs when the image is another one.
    private static String describe(Path image) throws IOException {
        if (!Files.isRegularFile(image))
            throw new IOException("there is no image %s; see onDemand.qemu.image".formatted(image));
        return "%s %d %s\n".formatted(image, Files.size(image), Files.getLastModifiedTime(image));
    }

    private static String format(Path image) throws IOException {
        try (var in = Files.newInputStream(image)) {
            var magic = new String(in.readNBytes(MAGIC.length()), StandardCharsets.ISO_8859_1);
            return magic.equals(MAGIC) ? "qcow2" : "raw";
        }
    }
}
