package dispatcher.machine.registry;

import dispatcher.machine.MachineDescription;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

/// Where it is written down what machines have said of themselves.
public interface DescriptionStore {
    /// Remembers nothing.
    DescriptionStore NONE = new DescriptionStore() {
        @Override
        public Map<String, Known> load() {
            return Map.of();
        }

        @Override
        public void save(String machine, Known description) {}

        @Override
        public void keepOnly(Set<String> machines) {}
    };

    /// What a machine said.
    ///
    /// @param way how it was reached then: in another way, another machine may be reached
    /// @param at  when it said so
    record Known(String way, Instant at, MachineDescription description) {}

    /// By the name of the machine.
    ///
    /// @throws IOException if they cannot be read
    Map<String, Known> load() throws IOException;

    /// Puts this in the place of what is written down of that machine.
    ///
    /// @throws IOException if it cannot be written; nothing has changed then
    void save(String machine, Known description) throws IOException;

    /// Forgets all other machines.
    ///
    /// @throws IOException if it cannot be written; nothing has changed then
    void keepOnly(Set<String> machines) throws IOException;
}
