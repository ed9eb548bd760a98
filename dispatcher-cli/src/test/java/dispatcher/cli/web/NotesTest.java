package dispatcher.cli.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NotesTest {
    private final Notes notes = new Notes();

    @Test
    void areFoundByTheirNamesOnly() {
        var one = notes.keep("one");
        var other = notes.keep("other");

        assertThat(notes.find(one)).contains("one");
        assertThat(notes.find(other)).contains("other");
        assertThat(notes.find("")).isEmpty();
        assertThat(one).matches("[0-9a-f]{24}").isNotEqualTo(other);
    }

    @Test
    void oldOnesAreForgotten() {
        var first = notes.keep("first");
        for (int i = 1; i < Notes.MOST; i++) notes.keep("next");
        assertThat(notes.find(first)).contains("first");
        notes.keep("last");
        assertThat(notes.find(first)).isEmpty();
    }
}
