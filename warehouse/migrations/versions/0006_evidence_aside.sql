-- Evidence is written once and read when a finding is explained; every run reads the rest of the row. Beside the row it is
-- neither read nor written again with it.
alter table supervision.finding set (toast_tuple_target = 1024);
