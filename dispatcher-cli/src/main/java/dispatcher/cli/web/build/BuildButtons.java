package dispatcher.cli.web.build;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.action.BuildAction;
import dispatcher.cli.web.Action;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Form;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What people do to builds on pages: cancel, raise, retry. The same endpoints do it as for programs.
public final class BuildButtons {
    private static final String CANCEL = "cancel";
    private static final String RAISE = "raise";
    private static final String RETRY = "retry";
    private static final String BUILD = "build";
    private static final String REASON = "reason";
    private static final int LONGEST_REASON = 500;

    private BuildButtons() {}

    static List<Action> actions() {
        return List.of(
                new Action(CANCEL, BuildAction.CANCEL_PATH, BuildButtons::body)
                        .saying(answer -> "%s is cancelled. Its clients get the reason.".formatted(name(answer))),
                new Action(RAISE, BuildAction.RAISE_PATH, BuildButtons::body)
                        .saying(answer -> "%s goes before the others that wait.".formatted(name(answer))),
                new Action(RETRY, BuildAction.RETRY_PATH, BuildButtons::body)
                        .saying(answer -> "%s leaves %s, and begins on another machine if one can take it."
                                .formatted(name(answer), String.join(", ", ((BuildAction.Answer) answer).machines()))));
    }

    private static BuildAction body(Map<String, String> fields) {
        var reason = Optional.ofNullable(fields.get(REASON)).map(String::strip).filter(text -> !text.isEmpty());
        if (reason.filter(text -> text.length() > LONGEST_REASON).isPresent())
            throw new IllegalArgumentException("the reason has more than %d characters".formatted(LONGEST_REASON));
        // Who does it is known to the server.
        return new BuildAction(Action.field(fields, BUILD), reason, Optional.empty());
    }

    private static String name(Object answer) {
        return Words.name(((BuildAction.Answer) answer).drv());
    }

    /// Whether the visitor of the page gets buttons.
    public static boolean areFor(PageRequest request) {
        return request.visitor().mayAct() && request.answers().has("POST", BuildAction.CANCEL_PATH);
    }

    /// In a row of a table, behind a word that opens them.
    ///
    /// @param build its number, or the name of its derivation's store path
    /// @param name  for people
    public static Html inRow(PageRequest request, String build, String name, boolean waits) {
        return element(
                "details",
                cls("acts"),
                element("summary", Html.text("Change"), element("span", cls("unseen"), Html.text(" " + name))),
                forms(request, build, waits));
    }

    static Html forms(PageRequest request, String build, boolean waits) {
        var fields = Map.of(BUILD, build);
        var why = new Form.Asked(REASON, "Reason", LONGEST_REASON);
        var forms = new ArrayList<Html>();
        if (waits) forms.add(Form.action(request, RAISE, "Put it before the others", fields));
        else forms.add(Form.action(request, RETRY, "Retry on another machine", fields, why));
        forms.add(Form.action(request, CANCEL, "Cancel it for all clients", fields, why));
        return element("div", cls("actions"), Html.all(forms));
    }
}
