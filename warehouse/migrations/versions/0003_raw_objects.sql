alter table ops.batch add column raw_removed_at timestamptz;
