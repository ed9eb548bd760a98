package dispatcher.cli.manual;

import picocli.CommandLine.Model.CommandSpec;

/// Texts of picocli's model as they are shown.
final class Words {
    private Words() {}

    /// The first paragraph of what a command is for, in one sentence.
    static String first(CommandSpec spec) {
        var paragraphs = spec.usageMessage().description();
        return paragraphs.length == 0 ? "" : sentence(paragraphs[0]);
    }

    /// Up to the first end of a sentence, without it.
    static String sentence(String text) {
        var plain = plain(text);
        int end = plain.indexOf(". ");
        var first = end < 0 ? plain : plain.substring(0, end);
        return first.replaceFirst("[.:]$", "");
    }

    /// Without the signs that picocli takes for its own.
    static String plain(String text) {
        return text.replace("%n", " ").replace("%%", "%").strip();
    }
}
