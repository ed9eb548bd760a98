package dispatcher.cli.state;

import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/// The tables, and how those of earlier versions become these: the migrations in the resources, by Flyway.
///
/// Its version is also in the database's `user_version`, so that a start at which nothing is to be done does not
/// load Flyway.
///
/// @param version   that of the newest migration
/// @param locations where migrations are
record Schema(int version, List<String> locations) {
    static final Schema CURRENT = new Schema(1, List.of("classpath:dispatcher/cli/state/migration"));

    Schema {
        locations = List.copyOf(locations);
    }

    /// Makes the tables what they are in this version.
    ///
    /// @throws FlywayException if that cannot be done
    void migrate(DataSource database) {
        Flyway.configure(Schema.class.getClassLoader())
                .dataSource(database)
                .locations(locations.toArray(String[]::new))
                .placeholders(Map.of("clustered", "WITHOUT ROWID"))
                .loggers("slf4j")
                .load()
                .migrate();
    }
}
