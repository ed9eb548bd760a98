package dispatcher.cli.settings.file;

import dispatcher.cli.settings.Compared;
import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.machine.MachineKeys;
import java.util.List;
import java.util.stream.Stream;

/// All settings that there are, each with all that is known of it: its type, default, help, and when another value
/// counts. The reader of the file, the reload, the example file, the reference and the schema for editors follow it.
public final class SettingsTable {
    /// The top of the file.
    public static final Group TOP = Group.of(
            "",
            "",
            PlaceKeys.LISTEN,
            DeclineKeys.DECLINE,
            WebKeys.WEB,
            PublishKeys.PUBLISH,
            OtlpKeys.OTLP,
            ClientKeys.AUTHORIZED_KEYS,
            ClientKeys.CLIENTS,
            ClientKeys.TRUSTED_PUBLIC_KEYS,
            PlaceKeys.STATE,
            PlaceKeys.HOST_KEY,
            PlaceKeys.SECRET_KEY_FILE,
            PlaceKeys.SPOOL,
            PlaceKeys.RECORDS,
            PlaceKeys.HOST_STORE,
            MachineKeys.MACHINES,
            MachineKeys.MACHINES_FILE,
            BuildKeys.SCHEDULE,
            BuildKeys.RESOURCES,
            ClientKeys.LIMITS,
            BuildKeys.MAX_ATTEMPTS,
            ConnectionKeys.UPLINK,
            ConnectionKeys.TIMEOUTS,
            BuildKeys.BUILD_LIMITS,
            ConnectionKeys.SSH);

    private SettingsTable() {}

    /// Every key, in the order of the example file.
    public static List<Key<?>> keys() {
        return TOP.groups().flatMap(group -> group.keys().stream()).toList();
    }

    /// What settings say, but for machines, each with when another value counts.
    public static List<Compared> compared() {
        return TOP.groups()
                .flatMap(group -> Stream.concat(
                        group.compared().stream(), group.keys().stream().flatMap(key -> key.compared().stream())))
                .toList();
    }
}
