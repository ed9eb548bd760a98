-- What machines have said of themselves; a part that one did not say is null. See DescriptionStore.
CREATE TABLE machine_description (
    name         TEXT   NOT NULL PRIMARY KEY,
    way          TEXT   NOT NULL,
    said_at      BIGINT NOT NULL,
    systems      TEXT,
    features     TEXT,
    experimental TEXT,
    max_jobs     INTEGER,
    cores        INTEGER,
    memory       BIGINT,
    disk_bytes   BIGINT,
    free_bytes   BIGINT,
    nix_version  TEXT,
    store_dir    TEXT,
    trusted      INTEGER
) ${clustered};
