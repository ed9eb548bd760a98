-- Who had an attempt leave its machine, and why; null if nobody had.
ALTER TABLE build_attempt ADD COLUMN moved TEXT;
