package dispatcher.cli.web.fleet;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Words;
import dispatcher.schedule.policy.Amounts;
import java.io.IOException;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What pages say of a machine.
final class MachineWords {
    private static final int MOST_BOXES = 64;

    private MachineWords() {}

    static String path(String machine) {
        return "/machines/" + PageRequest.encode(machine);
    }

    static Html link(String machine) {
        return Words.link(path(machine), machine);
    }

    /// Whether it may have builds, in a word.
    static Html state(MachineAnswer machine) {
        var words = new ArrayList<Html>();
        words.add(Words.badge(mood(machine.state()), machine.state()));
        machine.onDemand()
                .map(MachineAnswer.OnDemand::state)
                .filter(power -> !power.equals("ready"))
                .ifPresent(power -> words.add(Words.badge(power.equals("failed") ? "bad" : "off", power)));
        return Html.all(words);
    }

    private static String mood(String state) {
        return switch (state) {
            case "ready" -> "good";
            case "set-aside" -> "bad";
            case "on-trial", "under-pressure", "undescribed" -> "warn";
            default -> "off";
        };
    }

    /// Why it gets no builds or fewer, since when, and when it is tried again.
    static Html why(MachineAnswer machine) {
        var parts = new ArrayList<Html>();
        machine.reason().ifPresent(reason -> parts.add(element("span", reason)));
        machine.since().ifPresent(since -> parts.add(said("for ", Words.age(since))));
        again(machine).ifPresent(parts::add);
        machine.drained().ifPresent(drained -> parts.addAll(drained(machine, drained)));
        machine.onDemand()
                .flatMap(MachineAnswer.OnDemand::problem)
                .ifPresent(problem -> parts.add(element("span", cls("bad-text"), Html.text(problem))));
        if (machine.state().equals("removed"))
            parts.add(element("span", "not in the settings any more; finishes what it has"));
        return parts.isEmpty() ? Html.NOTHING : element("div", cls("why"), Html.all(parts));
    }

    /// When it is tried again.
    private static Optional<Html> again(MachineAnswer machine) {
        return switch (machine.state()) {
            case "set-aside" ->
                Optional.of(machine.triedAgain()
                        .map(at -> said("tried again ", Words.until(at)))
                        .orElse(element("span", "is being tried now")));
            case "undescribed" -> machine.triedAgain().map(at -> said("asked again ", Words.until(at)));
            case "on-trial" -> Optional.of(element("span", "one build at a time until one has worked"));
            case "under-pressure" -> Optional.of(element("span", "gets builds again when that is over"));
            default -> Optional.empty();
        };
    }

    /// Since when, by whom and with which note, but for what its reason says already.
    private static List<Html> drained(MachineAnswer machine, MachineAnswer.Drained drained) {
        var parts = new ArrayList<Html>();
        drained.since().ifPresent(since -> parts.add(said("drained for ", Words.age(since))));
        if (machine.reason().isPresent()) return parts;
        drained.by().ifPresent(who -> parts.add(said("by ", Html.text(who))));
        drained.note().ifPresent(note -> parts.add(said("note: ", Html.text(note))));
        return parts;
    }

    static Html said(String words, Html value) {
        return element("span", Html.text(words), value);
    }

    /// A box for each slot, full ones first.
    static Html slots(MachineAnswer machine) {
        var text = "%d of %d".formatted(machine.slotsTaken(), machine.slots());
        var words = element("span", cls("count"), Html.text(text));
        if (machine.slots() > MOST_BOXES || machine.slots() == 0) return words;
        var boxes = new ArrayList<Html>();
        for (long i = 0; i < Math.max(machine.slots(), Math.min(machine.slotsTaken(), MOST_BOXES)); i++)
            boxes.add(element("i", i < machine.slotsTaken() ? cls("taken") : Html.NOTHING));
        return Html.all(element("span", cls("slots"), Attribute.of("aria-hidden", "true"), Html.all(boxes)), words);
    }

    static Html speed(MachineAnswer machine) {
        var learned = machine.speed().measured().toPlainString();
        var configured = machine.speed().configured().toPlainString();
        return learned.equals(configured)
                ? Html.text(learned)
                : Html.all(
                        Html.text(learned),
                        element("span", cls("aside"), Html.text(" learned, %s set".formatted(configured))));
    }

    static Html bandwidth(MachineAnswer machine) {
        return machine.bandwidthMeasured() ? Html.all(Words.bytes(machine.bandwidth()), Html.text("/s")) : Words.DASH;
    }

    /// Such as `3.2 on 8 cores`, as measured.
    static Html load(MachineAnswer machine) {
        return machine.measured()
                .map(now -> Html.text("%s on %s".formatted(load(now), Words.count(now.cores(), "core"))))
                .orElse(Words.DASH);
    }

    private static String load(MachineAnswer.Measured now) {
        return now.load().setScale(1, RoundingMode.HALF_UP).toPlainString();
    }

    /// What is free of it, as measured; else what it has said that it has.
    static Html memory(MachineAnswer machine) {
        return machine.measured()
                .map(now -> room(now.memory()))
                .or(() -> machine.description()
                        .flatMap(MachineAnswer.Description::memory)
                        .map(Words::bytes))
                .orElse(Words.DASH);
    }

    /// What is free of the disk of its store, as measured; else what it has said.
    static Html disk(MachineAnswer machine) {
        return machine.measured()
                .map(now -> room(now.disk()))
                .or(() -> machine.description().flatMap(MachineWords::saidOfDisk))
                .orElse(Words.DASH);
    }

    private static Optional<Html> saidOfDisk(MachineAnswer.Description said) {
        return said.diskFree()
                .map(free -> said.disk()
                        .map(all -> room(new MachineAnswer.Room(free, all)))
                        .orElse(Words.bytes(free)));
    }

    static Html room(MachineAnswer.Room room) {
        return Html.all(Words.bytes(room.free()), Html.text(" free of "), Words.bytes(room.of()));
    }

    /// What builds have taken of what it has.
    static Html resources(MachineAnswer machine) {
        var rows = new ArrayList<Html>();
        machine.resources()
                .forEach((name, resource) -> rows.add(element(
                        "li",
                        "%s %s of %s"
                                .formatted(
                                        name,
                                        Amounts.show(name, resource.taken()),
                                        Amounts.show(name, resource.of())))));
        return rows.isEmpty() ? Words.DASH : element("ul", cls("tags"), Html.all(rows));
    }

    static List<String> features(MachineAnswer machine) {
        var all = new ArrayList<>(machine.supportedFeatures());
        machine.mandatoryFeatures().stream().filter(it -> !all.contains(it)).forEach(all::add);
        return all;
    }

    static boolean isReady(MachineAnswer machine) {
        return machine.state().equals("ready");
    }

    static MachinesAnswer all(PageRequest request) throws IOException, InterruptedException {
        return request.ask(MachinesAnswer.class, MachinesAnswer.PATH, Map.of());
    }
}
