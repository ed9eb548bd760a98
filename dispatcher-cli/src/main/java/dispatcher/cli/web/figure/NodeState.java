package dispatcher.cli.web.figure;

import dispatcher.cli.api.graph.GraphAnswer.Node;

/// A build's state, as the picture of the graph shows it.
enum NodeState {
    DONE("built", "✓", "its outputs are there"),
    RUNNING("running", "▶", "on a machine"),
    WAITING("waiting", "…", "waits"),
    FAILED("failed", "✗", "failed, or no machine can take it"),
    OTHER("other", "–", "given up, or cancelled");

    private final String style;
    private final String sign;
    private final String words;

    NodeState(String style, String sign, String words) {
        this.style = style;
        this.sign = sign;
        this.words = words;
    }

    static NodeState of(Node node) {
        return switch (node.state()) {
            case "built", "shared", "found" -> DONE;
            case "running" -> RUNNING;
            case "waiting" -> WAITING;
            case "failed", "refused" -> FAILED;
            default -> OTHER;
        };
    }

    /// The class of its element.
    String style() {
        return style;
    }

    String sign() {
        return sign;
    }

    String words() {
        return words;
    }
}
