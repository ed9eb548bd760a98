package dispatcher.cli.web.fleet;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.UnknownThingException;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Form;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Region;
import dispatcher.cli.web.page.Words;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// One machine: all that is known of it, and draining it.
final class MachinePage implements Page {
    private static final String NAME = "name";
    private static final int LONGEST_NOTE = 500;

    @Override
    public String path() {
        return MachinesPage.PATH + "/{name}";
    }

    @Override
    public Content content(PageRequest request) throws IOException, InterruptedException {
        var name = request.inPath().getOrDefault(NAME, "");
        var machine = MachineWords.all(request).machines().stream()
                .filter(it -> it.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new UnknownThingException(
                        "There is no machine " + name,
                        "the running dispatcher has none of that name, or not any more",
                        "take one of /machines"));
        return new Content(
                machine.name(),
                request.visitor().mayAct()
                        ? element("div", cls("actions"), Html.all(actions(request, machine)))
                        : Html.NOTHING,
                List.of(
                        Region.of("machine", facts(machine), past(machine)),
                        running(request, machine),
                        refusals(machine)));
    }

    private static List<Html> actions(PageRequest request, MachineAnswer machine) {
        var fields = FleetPages.fields(machine.name());
        return List.of(
                machine.state().equals("drained")
                        ? Form.action(request, "resume", "Resume", fields)
                        : Form.action(
                                request,
                                "drain",
                                "Drain",
                                fields,
                                new Form.Asked(FleetPages.NOTE, "Why", LONGEST_NOTE)));
    }

    private static Html past(MachineAnswer machine) {
        var name = Map.of("machine", machine.name());
        return element(
                "p",
                Words.link(PageRequest.link("/timeline", name), "What was there in the last hours"),
                Html.text(" · "),
                Words.link(PageRequest.link("/builds", name), "Its builds"));
    }

    private static Html facts(MachineAnswer machine) {
        var facts = new ArrayList<Html>();
        fact(facts, "State", Html.all(MachineWords.state(machine), MachineWords.why(machine)));
        fact(facts, "Slots", MachineWords.slots(machine));
        fact(facts, "Address", Html.text(machine.address()));
        fact(facts, "Systems", Words.tags(machine.systems()));
        fact(facts, "Features", Words.tags(machine.supportedFeatures()));
        if (!machine.mandatoryFeatures().isEmpty())
            fact(facts, "Only for builds that need", Words.tags(machine.mandatoryFeatures()));
        fact(facts, "Speed", MachineWords.speed(machine));
        fact(facts, "Link", MachineWords.bandwidth(machine));
        fact(facts, "Resources taken", MachineWords.resources(machine));
        fact(facts, "Load", MachineWords.load(machine));
        fact(facts, "Memory", MachineWords.memory(machine));
        fact(facts, "Disk of the store", MachineWords.disk(machine));
        machine.measured().ifPresent(now -> measured(facts, now));
        machine.description().ifPresent(said -> said(facts, said));
        return element("dl", cls("facts"), Html.all(facts));
    }

    private static void measured(List<Html> facts, MachineAnswer.Measured now) {
        if (!now.buildDisk().equals(now.disk()))
            fact(facts, "Disk of build directories", MachineWords.room(now.buildDisk()));
        now.cpuStalled().ifPresent(share -> fact(facts, "Something waits for a processor", percent(share)));
        now.memoryStalled().ifPresent(share -> fact(facts, "All wait for memory", percent(share)));
        fact(facts, "Measured", Html.all(Words.age(now.at()), Html.text(" ago")));
    }

    private static Html percent(BigDecimal share) {
        return Html.text("%.0f %% of the time".formatted(100 * share.doubleValue()));
    }

    private static void said(List<Html> facts, MachineAnswer.Description said) {
        said.cores().ifPresent(cores -> fact(facts, "Cores", Html.text(cores)));
        said.nix().ifPresent(version -> fact(facts, "Nix", Html.text(version)));
        fact(facts, "Said what it is", Html.all(Words.age(said.at()), Html.text(" ago")));
    }

    private static void fact(List<Html> facts, String name, Html value) {
        facts.add(element("div", element("dt", name), element("dd", value)));
    }

    private static Region running(PageRequest request, MachineAnswer machine) {
        var grid = RunningPage.grid(request);
        for (var build : machine.running()) RunningPage.row(request, grid, machine.name(), build);
        return grid.region("Nothing runs there.", Html.NOTHING);
    }

    private static Region refusals(MachineAnswer machine) {
        var grid = new Grid("refusals", "Builds that it refuses", "Refuses", "Reason", "Asked again");
        for (var refusal : machine.refuses())
            grid.row(
                    refusal.need(),
                    Html.text(refusal.need()),
                    Html.text(refusal.reason()),
                    Words.until(refusal.until()));
        return grid.region("It has refused no builds lately.", Html.NOTHING);
    }
}
