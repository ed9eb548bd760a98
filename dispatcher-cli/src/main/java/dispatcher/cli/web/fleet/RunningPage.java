package dispatcher.cli.web.fleet;

import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.web.build.BuildButtons;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Form;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.Links;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Words;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The builds that are on machines now.
final class RunningPage implements Page {
    private static final String BUILD = "build";
    private static final String MACHINE = "machine";
    private static final String CLIENT = "client";
    private static final int MOST = 500;

    @Override
    public String path() {
        return "/running";
    }

    @Override
    public Optional<String> inNavigation() {
        return Optional.of("Running");
    }

    /// @param machine where it runs
    private record Row(String machine, MachineAnswer.Running build) {}

    @Override
    public Content content(PageRequest request) throws IOException, InterruptedException {
        var rows = new ArrayList<Row>();
        for (var machine : MachineWords.all(request).machines())
            for (var build : machine.running()) rows.add(new Row(machine.name(), build));
        var wanted = rows.stream()
                .filter(row -> has(request, MACHINE, row.machine()))
                .filter(row -> has(request, BUILD, row.build().drv()))
                .filter(row -> has(request, CLIENT, row.build().client()))
                .sorted(Comparator.comparing((Row row) -> row.build().since()))
                .toList();
        var grid = grid(request);
        wanted.stream().limit(MOST).forEach(row -> row(request, grid, row.machine(), row.build()));
        var count = Words.count(wanted.size(), "build");
        return new Content(
                "Running builds",
                Form.filters(
                        request,
                        Form.Filter.text(BUILD, "Build"),
                        Form.Filter.text(MACHINE, "Machine"),
                        Form.Filter.text(CLIENT, "Client")),
                List.of(grid.region(
                        rows.isEmpty() ? "No build runs." : "No build that runs is like that.",
                        Html.element(
                                "p",
                                wanted.size() > MOST
                                        ? "%s, of which the oldest %d are shown".formatted(count, MOST)
                                        : count))));
    }

    private static boolean has(PageRequest request, String parameter, String text) {
        return request.parameter(parameter).map(text::contains).orElse(true);
    }

    static Grid grid(PageRequest request) {
        var heads = new ArrayList<>(List.of("Build", "Machine", "Client", "Runs for", "Should end"));
        if (BuildButtons.areFor(request)) heads.add("Change");
        return new Grid("running", "Running builds", heads.toArray(String[]::new));
    }

    static void row(PageRequest request, Grid grid, String machine, MachineAnswer.Running build) {
        var cells = new ArrayList<>(List.of(
                Words.storePath(build.drv(), Links.build(build.drv())),
                MachineWords.link(machine),
                build.client().isEmpty() ? Words.DASH : Html.text(build.client()),
                Words.age(build.since()),
                build.expectedEnd().show(Words::until, Html.text("no history"), Html.text("no history"))));
        if (BuildButtons.areFor(request))
            cells.add(BuildButtons.inRow(request, build.drv(), Words.name(build.drv()), false));
        grid.row(machine + " " + build.drv() + " " + build.since(), cells.toArray(Html[]::new));
    }
}
