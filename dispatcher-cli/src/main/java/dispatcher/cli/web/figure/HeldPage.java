package dispatcher.cli.web.figure;

import dispatcher.cli.web.page.Asset;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.PageRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/// A page that is made again after some seconds at the earliest, however many browsers show it and however much
/// happens, as it asks the records of very many builds. It must be the same for all visitors. Safe for any thread.
final class HeldPage implements Page {
    static final Duration FOR = Duration.ofSeconds(4);

    /// Addresses whose content is kept, some hundred KB each.
    private static final int MOST = 16;

    private final Page page;
    private final LongSupplier nanoTime;
    private final Map<String, Held> held = new ConcurrentHashMap<>();

    private record Held(Content content, long at) {}

    HeldPage(Page page, LongSupplier nanoTime) {
        this.page = page;
        this.nanoTime = nanoTime;
    }

    @Override
    public String path() {
        return page.path();
    }

    @Override
    public Optional<String> inNavigation() {
        return page.inNavigation();
    }

    @Override
    public List<Asset> assets() {
        return page.assets();
    }

    @Override
    public Content content(PageRequest request) throws IOException, InterruptedException {
        var address = request.here();
        var known = held.get(address);
        if (known != null && nanoTime.getAsLong() - known.at < FOR.toNanos()) return known.content;
        var made = page.content(request);
        if (held.size() >= MOST) held.clear();
        held.put(address, new Held(made, nanoTime.getAsLong()));
        return made;
    }
}
