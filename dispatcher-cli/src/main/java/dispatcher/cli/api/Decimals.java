package dispatcher.cli.api;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;

/// Numbers as answers have them: to the thousandth.
public final class Decimals {
    private static final int DECIMALS = 3;
    private static final double NANOS = 1e9;

    private Decimals() {}

    /// Without zeros at the end; does not exist if it is infinite.
    public static Figure<BigDecimal> of(double number) {
        return Double.isFinite(number) ? Figure.known(finite(number)) : Figure.absent();
    }

    /// @param number not infinite
    public static BigDecimal finite(double number) {
        var rounded = BigDecimal.valueOf(number).setScale(DECIMALS, RoundingMode.HALF_UP);
        return rounded.signum() == 0 ? BigDecimal.ZERO : rounded.stripTrailingZeros();
    }

    /// With three digits after the point, also if they are zeros.
    public static BigDecimal fixed(double number) {
        return BigDecimal.valueOf(number).setScale(DECIMALS, RoundingMode.HALF_UP);
    }

    /// In seconds, with three digits after the point.
    public static BigDecimal fixedSeconds(Duration duration) {
        return fixed(duration.toNanos() / NANOS);
    }

    /// In seconds, to the millisecond.
    public static BigDecimal seconds(Duration duration) {
        return finite(duration.toMillis() / 1000.0);
    }
}
