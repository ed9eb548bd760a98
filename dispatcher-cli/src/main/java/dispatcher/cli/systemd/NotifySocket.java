package dispatcher.cli.systemd;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/// A datagram socket of the service manager, as `$NOTIFY_SOCKET` names it. Java has no such sockets, so this calls
/// Linux. Safe for any thread.
final class NotifySocket {
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int MSG_NOSIGNAL = 0x4000;

    /// Of the path in an address, with the zero after it.
    private static final int PATH_SIZE = 108;

    private final byte[] address;
    private final String name;
    private final Calls calls;

    private NotifySocket(String name, byte[] address, Calls calls) {
        this.name = name;
        this.address = address;
        this.calls = calls;
    }

    /// @param name an absolute path, or `@` and a name that is no file's
    /// @throws IllegalArgumentException if it is neither, or too long
    static NotifySocket at(String name) {
        var path = name.getBytes(StandardCharsets.UTF_8);
        if (!name.startsWith("/") && !name.startsWith("@"))
            throw new IllegalArgumentException("'%s' is neither an absolute path nor begins with @".formatted(name));
        if (path.length >= PATH_SIZE)
            throw new IllegalArgumentException("'%s' is longer than %d bytes".formatted(name, PATH_SIZE - 1));
        boolean isAbstract = path[0] == '@';
        if (isAbstract) path[0] = 0;
        var address = new byte[Short.BYTES + path.length + (isAbstract ? 0 : 1)];
        MemorySegment.ofArray(address).set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) AF_UNIX);
        System.arraycopy(path, 0, address, Short.BYTES, path.length);
        return new NotifySocket(name, address, Calls.find());
    }

    /// Sends one message. It does not wait: a service manager that is behind gets no message.
    void send(String message) throws IOException {
        int socket = calls.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        try {
            calls.sendTo(socket, message.getBytes(StandardCharsets.UTF_8), MSG_NOSIGNAL | Calls.MSG_DONTWAIT, address);
        } catch (IOException e) {
            throw new IOException("cannot send to %s: %s".formatted(name, e.getMessage()), e);
        } finally {
            calls.close(socket);
        }
    }

    /// The C library's functions.
    private record Calls(MethodHandle socket, MethodHandle sendTo, MethodHandle close, MethodHandle message) {
        static final int MSG_DONTWAIT = 0x40;
        private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
        private static final long LONGEST_MESSAGE = 256;

        @SuppressWarnings("restricted")
        static Calls find() {
            var linker = Linker.nativeLinker();
            var library = linker.defaultLookup();
            var errno = Linker.Option.captureCallState("errno");
            var number = ValueLayout.JAVA_INT;
            var size = ValueLayout.JAVA_LONG;
            var pointer = ValueLayout.ADDRESS;
            return new Calls(
                    linker.downcallHandle(
                            library.findOrThrow("socket"),
                            FunctionDescriptor.of(number, number, number, number),
                            errno),
                    linker.downcallHandle(
                            library.findOrThrow("sendto"),
                            FunctionDescriptor.of(size, number, pointer, size, number, pointer, number),
                            errno),
                    linker.downcallHandle(library.findOrThrow("close"), FunctionDescriptor.of(number, number)),
                    linker.downcallHandle(library.findOrThrow("strerror"), FunctionDescriptor.of(pointer, number)));
        }

        int socket(int family, int type, int protocol) throws IOException {
            try (var arena = Arena.ofConfined()) {
                var state = arena.allocate(STATE);
                int made = (int) socket.invokeExact(state, family, type, protocol);
                if (made < 0) throw new IOException(failure(state));
                return made;
            } catch (IOException | RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        void sendTo(int socket, byte[] message, int flags, byte[] address) throws IOException {
            try (var arena = Arena.ofConfined()) {
                var state = arena.allocate(STATE);
                long sent = (long) sendTo.invokeExact(
                        state,
                        socket,
                        arena.allocateFrom(ValueLayout.JAVA_BYTE, message),
                        (long) message.length,
                        flags,
                        arena.allocateFrom(ValueLayout.JAVA_BYTE, address),
                        address.length);
                if (sent != message.length) throw new IOException(failure(state));
            } catch (IOException | RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        void close(int socket) {
            try {
                var _ = (int) close.invokeExact(socket);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        @SuppressWarnings("restricted")
        private String failure(MemorySegment state) throws Throwable {
            int number =
                    state.get(ValueLayout.JAVA_INT, STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno")));
            var words = (MemorySegment) message.invokeExact(number);
            return words.reinterpret(LONGEST_MESSAGE).getString(0);
        }
    }
}
