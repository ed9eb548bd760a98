package dispatcher.cli.web.build;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// How a part of a log looks. Only what can be read on any background: a background of its own, and exchanged colours,
/// are shown as a mark, and hidden text is shown.
///
/// @param colour `NONE` for that of other text; light and dark ones of terminals are one
record LogStyle(Colour colour, Set<Trait> traits) {
    static final LogStyle PLAIN = new LogStyle(Colour.NONE, Set.of());

    private static final int COLOURS = 8;
    private static final int BASIC = 16;
    private static final int CUBE = 6;
    private static final int FIRST_GREY = 232;
    private static final int MOST_PALETTE = 255;
    private static final int STRONG = 96;
    /// Least share of the strongest component that another one needs to count.
    private static final double SHARE = 0.6;

    LogStyle {
        traits = Set.copyOf(traits);
    }

    /// In the order of ECMA-48.
    enum Colour {
        SOFT,
        RED,
        GREEN,
        YELLOW,
        BLUE,
        MAGENTA,
        CYAN,
        NONE
    }

    enum Trait {
        BOLD,
        DIM,
        ITALIC,
        UNDERLINED,
        STRUCK,
        MARKED
    }

    /// The names of classes, with blanks between them; empty for plain text.
    String classes() {
        var names = new ArrayList<String>();
        if (colour != Colour.NONE) names.add("log-" + colour.name().toLowerCase(Locale.ROOT));
        for (var trait : Trait.values())
            if (traits.contains(trait)) names.add("log-" + trait.name().toLowerCase(Locale.ROOT));
        return String.join(" ", names);
    }

    /// After a sequence that sets colours. What is not known in it is left out.
    ///
    /// @param parameters numbers with `;` or `:` between them, perhaps missing
    LogStyle after(String parameters) {
        var numbers = numbers(parameters);
        var now = this;
        for (int i = 0; i < numbers.size(); i++) {
            int number = numbers.get(i);
            if (number == 38 || number == 48) {
                int used = lengthOfColour(numbers, i);
                now = number == 48 ? now.with(Trait.MARKED) : now.with(colour(numbers, i + 1));
                i += used;
            } else {
                now = now.after(number);
            }
        }
        return now;
    }

    private static List<Integer> numbers(String parameters) {
        var numbers = new ArrayList<Integer>();
        for (var part : parameters.split("[;:]", -1))
            numbers.add(part.isEmpty() ? 0 : part.length() > 3 ? MOST_PALETTE + 1 : Integer.parseInt(part));
        return numbers;
    }

    /// How many numbers after the one at `at` belong to it.
    private static int lengthOfColour(List<Integer> numbers, int at) {
        if (at + 1 >= numbers.size()) return 0;
        return switch (numbers.get(at + 1)) {
            case 5 -> 2;
            case 2 -> 4;
            default -> 1;
        };
    }

    private static Colour colour(List<Integer> numbers, int at) {
        if (at + 1 < numbers.size() && numbers.get(at) == 5) return ofPalette(numbers.get(at + 1));
        if (at + 3 < numbers.size() && numbers.get(at) == 2)
            return nearest(numbers.get(at + 1), numbers.get(at + 2), numbers.get(at + 3));
        return Colour.NONE;
    }

    private static Colour ofPalette(int number) {
        if (number < BASIC) return Colour.values()[number % COLOURS];
        if (number > MOST_PALETTE) return Colour.NONE;
        if (number >= FIRST_GREY) return grey((number - FIRST_GREY) * 10);
        int cube = number - BASIC;
        return nearest(cube / CUBE / CUBE * 51, cube / CUBE % CUBE * 51, cube % CUBE * 51);
    }

    private static Colour nearest(int red, int green, int blue) {
        int most = Math.max(red, Math.max(green, blue));
        int least = Math.min(red, Math.min(green, blue));
        if (most < STRONG || least >= most * SHARE) return grey(most);
        int bits = (red >= most * SHARE ? 1 : 0) | (green >= most * SHARE ? 2 : 0) | (blue >= most * SHARE ? 4 : 0);
        return Colour.values()[bits];
    }

    private static Colour grey(int light) {
        return light < 2 * STRONG ? Colour.SOFT : Colour.NONE;
    }

    private LogStyle after(int number) {
        if (number >= 30 && number <= 37) return with(Colour.values()[number - 30]);
        if (number >= 90 && number <= 97) return with(Colour.values()[number - 90]);
        if ((number >= 40 && number <= 47) || (number >= 100 && number <= 107)) return with(Trait.MARKED);
        return switch (number) {
            case 0 -> PLAIN;
            case 1 -> with(Trait.BOLD);
            case 2 -> with(Trait.DIM);
            case 3 -> with(Trait.ITALIC);
            case 4, 21 -> with(Trait.UNDERLINED);
            case 7 -> with(Trait.MARKED);
            case 9 -> with(Trait.STRUCK);
            case 22 -> without(Trait.BOLD).without(Trait.DIM);
            case 23 -> without(Trait.ITALIC);
            case 24 -> without(Trait.UNDERLINED);
            case 27, 49 -> without(Trait.MARKED);
            case 29 -> without(Trait.STRUCK);
            case 39 -> with(Colour.NONE);
            default -> this;
        };
    }

    private LogStyle with(Colour other) {
        return new LogStyle(other, traits);
    }

    private LogStyle with(Trait trait) {
        var more = EnumSet.of(trait);
        more.addAll(traits);
        return new LogStyle(colour, more);
    }

    private LogStyle without(Trait trait) {
        var less = EnumSet.noneOf(Trait.class);
        less.addAll(traits);
        less.remove(trait);
        return new LogStyle(colour, less);
    }
}
