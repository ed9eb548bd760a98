package dispatcher.machine.file;

/// A field of a machines file's entry is not what it should be.
class BadField extends Exception {
    private static final long serialVersionUID = 1L;
    private final String field;

    BadField(String field, String message) {
        super(message, null, false, false);
        this.field = field;
    }

    String field() {
        return field;
    }
}
