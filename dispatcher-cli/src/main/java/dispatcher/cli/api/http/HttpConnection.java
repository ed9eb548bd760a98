package dispatcher.cli.api.http;

import dispatcher.wire.CommandChannel;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.PeerInfo;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import io.helidon.webserver.spi.ServerConnection;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.security.Principal;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;

/// One connection, with one request, as Helidon's HTTP/1.1 sees it. Confined to one thread.
final class HttpConnection implements ConnectionContext {
    /// Of the first line and the headers, and what chunks add to the body.
    private static final int MOST_AROUND_BODY = 1 << 20;

    private final HttpService service;
    private final PatientChannel channel;
    private final DataReader reader;
    private final ServerConnection connection;

    HttpConnection(CommandChannel channel, HttpService service, Duration patience) {
        this.service = service;
        this.channel = new PatientChannel(channel, patience, HttpService.MAX_BODY + (long) MOST_AROUND_BODY);
        this.reader = DataReader.create(this.channel::read);
        this.connection = service.protocol().connection(this);
    }

    /// Answers the one request; returns when the answer is written.
    ///
    /// @throws RuntimeException if the connection breaks
    void answer() throws InterruptedException {
        connection.handle(service.concurrency());
    }

    /// The request that is being read is the only one.
    void expectNoMore() {
        connection.close(false);
    }

    @Override
    public ListenerContext listenerContext() {
        return service;
    }

    @Override
    public ExecutorService executor() {
        return service.executor();
    }

    @Override
    public DataWriter dataWriter() {
        return channel;
    }

    @Override
    public DataReader dataReader() {
        return reader;
    }

    @Override
    public Router router() {
        return service.router();
    }

    @Override
    public PeerInfo remotePeer() {
        return LocalPeer.THIS_HOST;
    }

    @Override
    public PeerInfo localPeer() {
        return LocalPeer.THIS_HOST;
    }

    @Override
    public boolean isSecure() {
        return false;
    }

    @Override
    public String socketId() {
        return "control";
    }

    @Override
    public String childSocketId() {
        return "request";
    }

    /// Both ends of a Unix socket.
    private enum LocalPeer implements PeerInfo {
        THIS_HOST;

        private static final int NO_PORT = -1;

        @Override
        public SocketAddress address() {
            return UnixDomainSocketAddress.of("");
        }

        @Override
        public String host() {
            return "localhost";
        }

        @Override
        public int port() {
            return NO_PORT;
        }

        @Override
        public Optional<Principal> tlsPrincipal() {
            return Optional.empty();
        }

        @Override
        public Optional<Certificate[]> tlsCertificates() {
            return Optional.empty();
        }
    }
}
