package dispatcher.machine.load;

import dispatcher.machine.Pressure;

/// Wants to know how machines are doing. Called on the thread that asks a machine, with no lock held;
/// must return soon.
public interface PressureListener {
    /// Ignores every sample.
    PressureListener NONE = new PressureListener() {
        @Override
        public void sampled(String machine, Pressure pressure) {}

        @Override
        public void unknown(String machine) {}
    };

    void sampled(String machine, Pressure pressure);

    /// The last sample is too old to count, so the machine has no objection any more.
    void unknown(String machine);
}
