package dispatcher.build;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.access.ClientIdentity;
import dispatcher.machine.link.MachineLink;
import dispatcher.nix.StorePath;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/// Which clients ask for a derivation now, and which machines build it. No machine may build what it waits for
/// itself. It may ask before the build is sent to it, or while it builds. Safe for any thread; never blocks.
final class Askers {
    private static final class Shared {
        private final List<ClientIdentity> clients = new ArrayList<>();
        private final List<MachineLink> running = new ArrayList<>();

        /// Machines that have asked for what they were building.
        private final Set<MachineLink> askedBack = new HashSet<>();
    }

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<StorePath, Shared> derivations = new HashMap<>();

    /// One client's request for a derivation, until this is closed.
    final class Asking implements AutoCloseable {
        private final StorePath drvPath;
        private final ClientIdentity client;
        private final Shared shared;

        private Asking(StorePath drvPath, ClientIdentity client, Shared shared) {
            this.drvPath = drvPath;
            this.client = client;
            this.shared = shared;
        }

        /// All clients that ask for the same derivation now.
        List<ClientIdentity> clients() {
            lock.lock();
            try {
                return List.copyOf(shared.clients);
            } finally {
                lock.unlock();
            }
        }

        /// Where it is being built now.
        List<MachineLink> running() {
            lock.lock();
            try {
                return List.copyOf(shared.running);
            } finally {
                lock.unlock();
            }
        }

        /// The machine builds it, until the result is closed. Call this before you read [#clients]: a client that
        /// asks later finds the machine in [#running].
        Running runs(MachineLink link) {
            lock.lock();
            try {
                shared.running.add(link);
                return new Running(link);
            } finally {
                lock.unlock();
            }
        }

        /// The machine has asked for what it is building.
        void asksBack(MachineLink link) {
            lock.lock();
            try {
                if (shared.running.contains(link)) shared.askedBack.add(link);
            } finally {
                lock.unlock();
            }
        }

        /// See [Asking#runs].
        final class Running implements AutoCloseable {
            private final MachineLink link;

            private Running(MachineLink link) {
                this.link = link;
            }

            boolean isAskedBack() {
                lock.lock();
                try {
                    return shared.askedBack.contains(link);
                } finally {
                    lock.unlock();
                }
            }

            @Override
            public void close() {
                lock.lock();
                try {
                    shared.running.remove(link);
                    shared.askedBack.remove(link);
                } finally {
                    lock.unlock();
                }
            }
        }

        @Override
        public void close() {
            lock.lock();
            try {
                shared.clients.remove(client);
                if (shared.clients.isEmpty()) derivations.remove(drvPath);
            } finally {
                lock.unlock();
            }
        }
    }

    Asking ask(StorePath drvPath, ClientIdentity client) {
        lock.lock();
        try {
            var shared = derivations.computeIfAbsent(drvPath, _ -> new Shared());
            shared.clients.add(client);
            return new Asking(drvPath, client, shared);
        } finally {
            lock.unlock();
        }
    }
}
