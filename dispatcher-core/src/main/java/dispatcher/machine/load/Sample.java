package dispatcher.machine.load;

import dispatcher.machine.Pressure;
import java.util.List;

/// The result of one run of the script.
///
/// @param builders processes of builds, as far as they could be seen
record Sample(Pressure pressure, List<BuildProcess> builders) {
    Sample {
        builders = List.copyOf(builders);
    }

    /// One process of some build.
    ///
    /// @param out      the value of `out` in its environment; empty if it has none
    /// @param name     likewise
    /// @param resident bytes of memory that it has
    /// @param most     that it ever had
    record BuildProcess(String out, String name, long resident, long most) {}
}
