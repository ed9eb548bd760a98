package dispatcher.it;

/// The serve protocol on both sides.
class EndingServeIT extends EndingContract {

    EndingServeIT() {
        super("ssh", "ssh");
    }
}
