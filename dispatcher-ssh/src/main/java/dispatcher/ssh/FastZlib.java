package dispatcher.ssh;

import org.apache.sshd.common.NamedFactory;
import org.apache.sshd.common.compression.Compression;
import org.apache.sshd.common.compression.CompressionDelayedZlib;

/// `zlib@openssh.com` at level 1: three times as fast as the library's own level for a tenth more of bytes.
final class FastZlib extends CompressionDelayedZlib {
    private static final int LEVEL = 1;

    static final NamedFactory<Compression> FACTORY = new NamedFactory<>() {
        @Override
        public String getName() {
            return "zlib@openssh.com";
        }

        @Override
        public Compression create() {
            return new FastZlib();
        }
    };

    private FastZlib() {}

    @Override
    public void init(Type type, int level) {
        super.init(type, LEVEL);
    }
}
