package dispatcher.it;

import org.junit.jupiter.api.Tag;

/// The serve protocol on both sides.
@Tag("open")
class EndingServeIT extends EndingContract {

    EndingServeIT() {
        super("ssh", "ssh");
    }
}
