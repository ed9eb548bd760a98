-- Lists are JSON arrays, the oldest element first. Instants are seconds since 1970, sizes are bytes.
-- ${clustered} says that a table is stored in the order of its key, where the database has words for that.

-- Speeds are natural logarithms, see MachineHistory.
CREATE TABLE history_machine (
    name         TEXT             NOT NULL PRIMARY KEY,
    configured   DOUBLE PRECISION NOT NULL,
    speeds       TEXT             NOT NULL,
    copied_bytes DOUBLE PRECISION NOT NULL,
    copy_seconds DOUBLE PRECISION NOT NULL
) ${clustered};

-- See PackageHistory. Seconds and machines go together: the last builds.
CREATE TABLE history_package (
    name         TEXT   NOT NULL,
    system       TEXT   NOT NULL,
    builds       BIGINT NOT NULL,
    last_seen    BIGINT NOT NULL,
    output_bytes BIGINT NOT NULL,
    seconds      TEXT   NOT NULL,
    machines     TEXT   NOT NULL,
    peaks        TEXT   NOT NULL,
    behind       TEXT   NOT NULL,
    PRIMARY KEY (name, system)
) ${clustered};

-- Paths are without the store directory; contents are fingerprints, see Fingerprint.
CREATE TABLE known_path (
    path     TEXT NOT NULL PRIMARY KEY,
    contents TEXT NOT NULL
) ${clustered};

-- Which machines may hold them.
CREATE TABLE location (
    path    TEXT NOT NULL REFERENCES known_path (path) ON DELETE CASCADE,
    machine TEXT NOT NULL,
    PRIMARY KEY (path, machine)
) ${clustered};

-- Machines that get no builds until somebody resumes them.
CREATE TABLE drained_machine (
    name TEXT NOT NULL PRIMARY KEY
) ${clustered};
