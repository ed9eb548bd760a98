package dispatcher.history;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The last few of many numbers, oldest first. Immutable. 4 bytes a number.
public final class Window {
    static final Window EMPTY = new Window(new float[0]);

    private final float[] values;

    private Window(float[] values) {
        this.values = values;
    }

    public static Window of(List<Float> values) {
        var window = new float[values.size()];
        for (int i = 0; i < window.length; i++) window[i] = values.get(i);
        return new Window(window);
    }

    /// Oldest first.
    public List<Float> values() {
        var list = new ArrayList<Float>(values.length);
        for (var value : values) list.add(value);
        return list;
    }

    int size() {
        return values.length;
    }

    float get(int index) {
        return values[index];
    }

    /// Itself.
    ///
    /// @throws IllegalArgumentException if there are more than `most`, or one is no number, or less than `least`
    Window requireWithin(int most, double least) {
        if (values.length > most) throw new IllegalArgumentException("a list of more than " + most);
        for (var value : values)
            if (!Float.isFinite(value) || value < least)
                throw new IllegalArgumentException("a list with %s in it".formatted(value));
        return this;
    }

    /// @throws IllegalArgumentException unless it is a number, and not negative
    static double requireNumber(double number) {
        if (!Float.isFinite((float) number) || number < 0) throw new IllegalArgumentException("a number of " + number);
        return number;
    }

    /// With `value` as the newest, and without the oldest where that would make more than `limit`.
    Window with(double value, int limit) {
        int kept = Math.min(values.length, limit - 1);
        var next = Arrays.copyOfRange(values, values.length - kept, values.length + 1);
        next[kept] = (float) value;
        return new Window(next);
    }

    /// With the newest raised to `value` if it is less; the same if there is none.
    Window raised(double value) {
        if (values.length == 0 || values[values.length - 1] >= value) return this;
        var next = values.clone();
        next[next.length - 1] = (float) value;
        return new Window(next);
    }

    /// 0 if empty.
    double max() {
        double max = 0;
        for (var value : values) max = Math.max(max, value);
        return max;
    }

    double[] toArray() {
        var array = new double[values.length];
        for (int i = 0; i < array.length; i++) array[i] = values[i];
        return array;
    }
}
