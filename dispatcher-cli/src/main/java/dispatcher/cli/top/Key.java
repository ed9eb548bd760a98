package dispatcher.cli.top;

/// A key that was pressed.
///
/// @param sign the code point of [Kind#SIGN], else 0
record Key(Kind kind, int sign) {
    enum Kind {
        SIGN,
        UP,
        DOWN,
        PAGE_UP,
        PAGE_DOWN,
        HOME,
        END,
        TAB,
        BACK_TAB,
        ENTER,
        ESCAPE,
        BACKSPACE,

        /// Ctrl-C.
        INTERRUPT,

        /// Ctrl-L.
        REDRAW,

        /// The terminal is gone.
        CLOSED,

        /// One that means nothing here.
        OTHER
    }

    static Key of(Kind kind) {
        return new Key(kind, 0);
    }

    static Key sign(int codePoint) {
        return new Key(Kind.SIGN, codePoint);
    }

    boolean is(int codePoint) {
        return kind == Kind.SIGN && sign == codePoint;
    }
}
