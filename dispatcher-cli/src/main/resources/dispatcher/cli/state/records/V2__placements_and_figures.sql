-- Instants are milliseconds since 1970, durations milliseconds, sizes bytes, unless said otherwise.

ALTER TABLE build RENAME TO old_build;
ALTER TABLE build_attempt RENAME TO old_build_attempt;
ALTER TABLE build_log RENAME TO old_build_log;
DROP INDEX build_by_name;
DROP INDEX build_by_machine;
DROP INDEX build_by_client;
DROP INDEX build_by_outcome;
DROP INDEX build_by_end;

-- Texts that many builds have in common. The day on which a build last had it, counted since 1970.
CREATE TABLE label (
    id   INTEGER NOT NULL PRIMARY KEY,
    text TEXT    NOT NULL,
    used INTEGER NOT NULL
);
CREATE UNIQUE INDEX label_by_text ON label (text);
CREATE INDEX label_by_use ON label (used);
INSERT INTO label (id, text, used)
    SELECT ROW_NUMBER() OVER (ORDER BY text), text, (SELECT COALESCE(MAX(asked), 0) / 86400000 FROM old_build)
    FROM (SELECT name AS text FROM old_build UNION SELECT system FROM old_build UNION SELECT features FROM old_build
          UNION SELECT client FROM old_build UNION SELECT outcome FROM old_build
          UNION SELECT machine FROM old_build WHERE machine IS NOT NULL UNION SELECT machine FROM old_build_attempt) AS texts;

-- See BuildRecord. Name, system, features (a JSON array), client, machine (of the last attempt) and outcome are labels; the
-- derivation's path is hash and name.
CREATE TABLE build (
    id            BIGINT  NOT NULL PRIMARY KEY,
    hash          TEXT    NOT NULL,
    name          INTEGER NOT NULL,
    system        INTEGER NOT NULL,
    features      INTEGER NOT NULL,
    client        INTEGER NOT NULL,
    machine       INTEGER,
    outcome       INTEGER NOT NULL,
    asked         BIGINT  NOT NULL,
    ended         BIGINT,
    message       TEXT    NOT NULL,
    equal_wait    BIGINT  NOT NULL,
    slot_wait     BIGINT  NOT NULL,
    away_wait     BIGINT  NOT NULL,
    copied_paths  INTEGER NOT NULL,
    copied_bytes  BIGINT  NOT NULL,
    copy_time     BIGINT  NOT NULL,
    build_time    BIGINT  NOT NULL,
    output_bytes  BIGINT  NOT NULL,
    peak_memory   BIGINT  NOT NULL,
    fetched_paths INTEGER NOT NULL DEFAULT 0,
    fetched_bytes BIGINT  NOT NULL DEFAULT 0,
    fetch_time    BIGINT  NOT NULL DEFAULT 0,
    fetched_at    BIGINT
) ${clustered};
INSERT INTO build (id, hash, name, system, features, client, machine, outcome, asked, ended, message, equal_wait, slot_wait,
        away_wait, copied_paths, copied_bytes, copy_time, build_time, output_bytes, peak_memory)
    SELECT id, SUBSTR(drv, 1, 32), (SELECT id FROM label WHERE text = name), (SELECT id FROM label WHERE text = system),
        (SELECT id FROM label WHERE text = features), (SELECT id FROM label WHERE text = client),
        (SELECT id FROM label WHERE text = machine), (SELECT id FROM label WHERE text = outcome), asked, ended, message,
        equal_wait, machine_wait, 0, copied_paths, copied_bytes, copy_time, build_time, output_bytes, peak_memory
    FROM old_build;

-- All that builds are looked for by, narrow enough to go through a million of them.
CREATE INDEX build_by_filter ON build (id, name, client, machine, outcome, asked);
CREATE INDEX build_by_name ON build (name, id);
CREATE INDEX build_by_end ON build (ended, outcome);

-- Its attempts, the first with number 0. The machine is a label.
CREATE TABLE build_attempt (
    build   BIGINT  NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,
    machine INTEGER NOT NULL,
    reason  TEXT    NOT NULL,
    began   BIGINT  NOT NULL,
    lost    TEXT,
    PRIMARY KEY (build, number)
) ${clustered};
INSERT INTO build_attempt (build, number, machine, reason, began, lost)
    SELECT build, number, (SELECT id FROM label WHERE text = machine), reason, began, lost FROM old_build_attempt;

-- Why it went to each machine, see PlacementText.
CREATE TABLE build_placement (
    build   BIGINT  NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,
    account BLOB    NOT NULL,
    PRIMARY KEY (build, number)
) ${clustered};

-- Pieces of its log, by deflate, and how many bytes of it are before each; of pieces that an earlier version wrote that is
-- not known, but for the first. Not clustered, as SQLite keeps large rows badly in the order of their key.
CREATE TABLE build_log (
    build BIGINT  NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    part  INTEGER NOT NULL,
    start BIGINT,
    text  BLOB    NOT NULL,
    PRIMARY KEY (build, part)
);
INSERT INTO build_log (build, part, start, text)
    SELECT build, part, CASE part WHEN 0 THEN 0 END, text FROM old_build_log;

DROP TABLE old_build_log;
DROP TABLE old_build_attempt;
DROP TABLE old_build;

-- What builds came to that ended in one hour, counted since 1970. System and features are texts.
CREATE TABLE load_hour (
    hour         BIGINT NOT NULL,
    system       TEXT   NOT NULL,
    features     TEXT   NOT NULL,
    builds       BIGINT NOT NULL,
    failed       BIGINT NOT NULL,
    refused      BIGINT NOT NULL,
    equal_wait   BIGINT NOT NULL,
    slot_wait    BIGINT NOT NULL,
    away_wait    BIGINT NOT NULL,
    copy_time    BIGINT NOT NULL,
    build_time   BIGINT NOT NULL,
    longest_wait BIGINT NOT NULL,
    PRIMARY KEY (hour, system, features)
) ${clustered};

-- The same by package, of one day.
CREATE TABLE package_day (
    day          BIGINT NOT NULL,
    package      TEXT   NOT NULL,
    system       TEXT   NOT NULL,
    builds       BIGINT NOT NULL,
    failed       BIGINT NOT NULL,
    build_time   BIGINT NOT NULL,
    copy_time    BIGINT NOT NULL,
    copied_bytes BIGINT NOT NULL,
    output_bytes BIGINT NOT NULL,
    peak_memory  BIGINT NOT NULL,
    PRIMARY KEY (package, system, day)
) ${clustered};
CREATE INDEX package_by_day ON package_day (day);
