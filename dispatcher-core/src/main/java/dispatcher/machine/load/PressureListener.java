package dispatcher.machine.load;

import dispatcher.machine.Pressure;

/// Wants to know how machines are doing. Called on the thread that asks a machine, with no lock held;
/// must return soon.
public interface PressureListener {
    /// For nobody.
    PressureListener NONE = new PressureListener() {
        @Override
        public void sampled(String machine, Pressure pressure) {}

        @Override
        public void unknown(String machine) {}
    };

    void sampled(String machine, Pressure pressure);

    /// The last sample is too old to say anything: nothing speaks against the machine any more.
    void unknown(String machine);
}
