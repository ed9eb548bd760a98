-- Since when, by whom and why; null where a version did not write that down.
ALTER TABLE drained_machine ADD COLUMN since BIGINT;
ALTER TABLE drained_machine ADD COLUMN drained_by TEXT;
ALTER TABLE drained_machine ADD COLUMN note TEXT;
