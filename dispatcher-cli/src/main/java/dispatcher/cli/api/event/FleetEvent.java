package dispatcher.cli.api.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dispatcher.cli.api.Decimals;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Something that happened, as `/api/v1/events` says it. Members that do not belong to its type are left out.
///
/// @param seq     counts events from 1 since the start of the dispatcher
/// @param build   the id of the build, as in `/api/v1/builds`; absent too if it is not recorded
/// @param drv     the name of the derivation's store path, without the directory
/// @param client  who asked
/// @param outcome of a build that has ended: `built`, `failed`, `refused`, `cancelled`, `shared`, `found` or
///                `abandoned`
/// @param reason  why; may have several lines
/// @param by      who did it
/// @param paths   that were copied
/// @param bytes   of them
/// @param seconds that it took; of `placed`, since it was queued
/// @param missed  how many earlier events a subscriber does not get, as it was too slow or asked too late
/// @param changes of settings, one line each
public record FleetEvent(
        long seq,
        Instant at,
        Type type,
        Optional<Long> build,
        Optional<String> drv,
        Optional<String> client,
        Optional<String> machine,
        Optional<String> outcome,
        Optional<String> reason,
        Optional<String> by,
        Optional<Long> paths,
        Optional<Long> bytes,
        Optional<BigDecimal> seconds,
        Optional<Long> missed,
        Optional<List<String>> changes) {
    public static final String PATH = "/api/v1/events";

    /// Parameter: only events after the one of this number.
    public static final String AFTER = "after";

    /// Parameter: `false` if the answer ends with the last event so far.
    public static final String FOLLOW = "follow";

    /// What happened.
    public enum Type {
        /// A build waits for a machine, or for an equal build.
        QUEUED,

        /// It has a machine; what the machine lacks is being copied.
        PLACED,

        /// Its inputs are there, and it builds.
        BUILDING,

        /// It has been begun on a second machine.
        DOUBLED,

        /// The machine, or the way to it, broke; the build goes to another one.
        LOST,

        /// An operator had the build leave its machine, with which nothing is wrong; it goes to another one.
        MOVED,

        /// The build is over.
        ENDED,

        /// An output went to a client.
        COPIED_BACK,

        MACHINE_SET_ASIDE,
        MACHINE_BACK,
        MACHINE_UNDER_PRESSURE,
        MACHINE_HAS_ROOM,
        MACHINE_REFUSES,
        MACHINE_REFUSES_NO_LONGER,
        MACHINE_DESCRIBED,
        MACHINE_NOT_DESCRIBED,
        MACHINE_DRAINED,
        MACHINE_RESUMED,

        /// Other settings are in force.
        SETTINGS_CHANGED,

        /// Events before the next one are left out.
        MISSED;

        /// For example `copied-back`.
        @JsonValue
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        @JsonCreator
        static Type of(String word) {
            return Arrays.stream(values())
                    .filter(type -> type.word().equals(word))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("there is no event '%s'".formatted(word)));
        }
    }

    /// One that says nothing yet but its type.
    public static Draft draft(Type type) {
        return new Draft(type);
    }

    /// An event on its way, without number and time. Confined to one thread.
    public static final class Draft {
        private final Type type;
        private Optional<Long> build = Optional.empty();
        private Optional<String> drv = Optional.empty();
        private Optional<String> client = Optional.empty();
        private Optional<String> machine = Optional.empty();
        private Optional<String> outcome = Optional.empty();
        private Optional<String> reason = Optional.empty();
        private Optional<String> by = Optional.empty();
        private Optional<Long> paths = Optional.empty();
        private Optional<Long> bytes = Optional.empty();
        private Optional<BigDecimal> seconds = Optional.empty();
        private Optional<Long> missed = Optional.empty();
        private Optional<List<String>> changes = Optional.empty();

        private Draft(Type type) {
            this.type = type;
        }

        public Draft ofBuild(Optional<Long> id, String path, String asker) {
            build = id;
            return ofClient(asker, path);
        }

        public Draft ofClient(String who, String path) {
            drv = Optional.of(path);
            client = Optional.of(who);
            return this;
        }

        public Draft on(String name) {
            machine = Optional.of(name);
            return this;
        }

        public Draft ended(String how) {
            outcome = Optional.of(how);
            return this;
        }

        /// @param why nothing is said if it is empty
        public Draft because(String why) {
            reason = Optional.of(why).filter(text -> !text.isEmpty());
            return this;
        }

        public Draft by(Optional<String> who) {
            by = who;
            return this;
        }

        public Draft copied(long count, long size) {
            paths = Optional.of(count);
            bytes = Optional.of(size);
            return this;
        }

        public Draft took(Duration time) {
            seconds = Optional.of(Decimals.seconds(time));
            return this;
        }

        public Draft missed(long count) {
            missed = Optional.of(count);
            return this;
        }

        public Draft changing(List<String> lines) {
            changes = Optional.of(List.copyOf(lines));
            return this;
        }

        public FleetEvent numbered(long number, Instant time) {
            return new FleetEvent(
                    number, time, type, build, drv, client, machine, outcome, reason, by, paths, bytes, seconds, missed,
                    changes);
        }
    }
}
