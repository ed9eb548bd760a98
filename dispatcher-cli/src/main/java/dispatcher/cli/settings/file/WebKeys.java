package dispatcher.cli.settings.file;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Section;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.settings.value.Types;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// Who may use the page, in the table of settings.
final class WebKeys {
    private static final Pattern HEADER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]{0,63}");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9:]([A-Za-z0-9.:-]{0,252})");

    static final Key<Path> TOKEN_FILE = Key.of("web.tokenFile", Types.path())
            .presetIs("none; nobody can act on the page")
            .example("/etc/dispatcher/web-token")
            .counts(Effect.RESTART, it -> it.listen().page().tokenFile())
            .help("""
                    What people log in with to act on the page, and programs send as `Authorization: Bearer`: one
                    line of 16 characters or more, such as `openssl rand -hex 32` makes it. For its file holds what
                    `sshKey` of machines says.""");
    static final Key<String> USER_HEADER = Key.of("web.userHeader", Types.text("name of a header", WebKeys::header))
            .presetIs("none")
            .example("X-Remote-User")
            .counts(Effect.RESTART, it -> it.listen().page().userHeader())
            .help("""
                    The header in which a reverse proxy says who asks, after it has made sure of that. Whoever it
                    names may look and act. The proxy must remove this header from what it gets.""");
    static final Key<InetAddress> PROXIES = Key.list("web.proxies", Types.hostAddress())
            .presetIs("127.0.0.1 and ::1")
            .example("[127.0.0.1, \"::1\"]")
            .counts(Effect.RESTART, it -> it.listen().page().proxies())
            .help("Where that header is believed from. Every program on these hosts can act as anybody.");
    static final Key<String> HOSTS = Key.list("web.hosts", Types.text("host name", WebKeys::host))
            .presetIs("none")
            .example("[builds.example.org]")
            .counts(Effect.RESTART, it -> it.listen().page().hosts())
            .help("""
                    Names beside localhost by which browsers ask for the page on this host, such as that of a
                    reverse proxy here that passes on the name it was asked by. Others are refused, as any page
                    could let its own name lead here.""");
    static final Group WEB =
            Group.of("web", "Who may use the page at listen.web.", TOKEN_FILE, USER_HEADER, PROXIES, HOSTS);

    private WebKeys() {}

    private static String header(String text) {
        if (HEADER.matcher(text).matches()) return text;
        throw new IllegalArgumentException("'%s' is no name of a header".formatted(text));
    }

    private static String host(String text) {
        if (HOST.matcher(text).matches()) return text.toLowerCase(Locale.ROOT);
        throw new IllegalArgumentException("'%s' is no host name; leave out the port".formatted(text));
    }

    /// @param address where the page is
    static Settings.Web read(Section section, Optional<HostAndPort> address) {
        var proxies = section.values(PROXIES);
        var web = new Settings.Web(
                section.get(TOKEN_FILE),
                section.get(USER_HEADER),
                section.has(PROXIES) ? proxies : Settings.Web.DEFAULT.proxies(),
                List.copyOf(section.values(HOSTS)));
        boolean open = address.isPresent() && !Settings.Web.isLoopback(address.get());
        if (open && !section.has(TOKEN_FILE) && !section.has(USER_HEADER))
            section.fault("tokenFile or userHeader is needed, as others than this host reach listen.web (%s)"
                    .formatted(address.get()));
        return web;
    }
}
