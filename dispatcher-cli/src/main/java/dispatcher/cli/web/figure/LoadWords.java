package dispatcher.cli.web.figure;

import dispatcher.cli.api.record.LoadAnswer.Kind;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Words;
import dispatcher.schedule.policy.Amounts;
import java.math.BigDecimal;

/// What pages say of a kind of builds.
final class LoadWords {
    private LoadWords() {}

    /// Such as `x86_64-linux with big-parallel, kvm`.
    static String needs(Kind kind) {
        return kind.features().isEmpty()
                ? kind.system()
                : "%s with %s".formatted(kind.system(), String.join(", ", kind.features()));
    }

    /// For machines, seconds of all builds together.
    static BigDecimal waited(Kind kind) {
        return kind.waited().slot().add(kind.waited().awayMachine());
    }

    static Html seconds(BigDecimal seconds) {
        return seconds.signum() == 0 ? Words.DASH : Html.text(Amounts.seconds(seconds.doubleValue()));
    }

    /// Why builds of this kind wait now, or waited.
    static String missing(Kind kind) {
        if (kind.machines() == 0) return "a machine that can build this";
        if (kind.waiting() > 0 && kind.slots() == 0) return "a machine that takes builds now";
        if (kind.waiting() > 0 && kind.slotsTaken() >= kind.slots()) return "a free slot";
        if (kind.waiting() > 0) return "nothing that this page knows; see the queue";
        return "nothing now";
    }
}
