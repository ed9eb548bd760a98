-- Instants are milliseconds since 1970, durations milliseconds, sizes bytes. Lists are JSON arrays.
-- ${clustered} says that a table is stored in the order of its key, where the database has words for that.

-- See BuildRecord. The machine is that of the last attempt.
CREATE TABLE build (
    id           BIGINT  NOT NULL PRIMARY KEY,
    drv          TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    system       TEXT    NOT NULL,
    features     TEXT    NOT NULL,
    client       TEXT    NOT NULL,
    machine      TEXT,
    asked        BIGINT  NOT NULL,
    ended        BIGINT,
    outcome      TEXT    NOT NULL,
    message      TEXT    NOT NULL,
    equal_wait   BIGINT  NOT NULL,
    machine_wait BIGINT  NOT NULL,
    copied_paths INTEGER NOT NULL,
    copied_bytes BIGINT  NOT NULL,
    copy_time    BIGINT  NOT NULL,
    build_time   BIGINT  NOT NULL,
    output_bytes BIGINT  NOT NULL,
    peak_memory  BIGINT  NOT NULL
) ${clustered};

CREATE INDEX build_by_name ON build (name, id);
CREATE INDEX build_by_machine ON build (machine, id);
CREATE INDEX build_by_client ON build (client, id);
CREATE INDEX build_by_outcome ON build (outcome, id);
CREATE INDEX build_by_end ON build (ended);

-- Its attempts, the first with number 0.
CREATE TABLE build_attempt (
    build   BIGINT  NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,
    machine TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    began   BIGINT  NOT NULL,
    lost    TEXT,
    PRIMARY KEY (build, number)
) ${clustered};

-- Pieces of its log, by deflate.
CREATE TABLE build_log (
    build BIGINT  NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    part  INTEGER NOT NULL,
    text  BLOB    NOT NULL,
    PRIMARY KEY (build, part)
);
