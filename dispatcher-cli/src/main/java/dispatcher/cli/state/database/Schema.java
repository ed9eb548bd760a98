package dispatcher.cli.state.database;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/// The tables, and how those of earlier versions become these: the migrations in the resources, by Flyway.
///
/// Its version is also in the database's `user_version`, so that a start at which nothing is to be done does not
/// load Flyway.
///
/// A release has an empty database of its version beside the program, which a first start copies: to load Flyway and
/// to make the tables takes half a second.
///
/// @param version   that of the newest migration
/// @param locations where migrations are
/// @param empty     a database with these tables and nothing in them, if there is one
public record Schema(int version, List<String> locations, Optional<Path> empty) {
    public static final Schema CURRENT =
            new Schema(3, List.of("classpath:dispatcher/cli/state/migration"), ProgramFiles.find("empty-state.sqlite"));

    /// Of the records of builds.
    public static final Schema RECORDS =
            new Schema(3, List.of("classpath:dispatcher/cli/state/records"), ProgramFiles.find("empty-records.sqlite"));

    public Schema {
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
