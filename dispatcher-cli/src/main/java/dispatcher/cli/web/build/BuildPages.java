package dispatcher.cli.web.build;

import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.web.Action;
import dispatcher.cli.web.page.Answers;
import dispatcher.cli.web.page.Page;
import java.time.InstantSource;
import java.util.List;

/// All pages of this package, and what browsers load beside them.
public final class BuildPages {
    private BuildPages() {}

    /// What browsers get of logs. It belongs to the page, and not to the API.
    ///
    /// @param api with builds and their logs
    public static List<Endpoint> endpoints(List<Endpoint> api) {
        return new LogStreams(new Answers(api)).endpoints();
    }

    public static List<Action> actions() {
        return BuildButtons.actions();
    }

    /// @param clock the dispatcher's
    public static List<Page> pages(InstantSource clock) {
        return List.of(new BuildsPage(), new BuildPage(clock), new LogPage());
    }
}
