-- Office hours. The calendar is published anew with its next release; until then its days count no minutes.
alter table reference.calendar_day
    add column morning_from integer, add column morning_to integer,
    add column afternoon_from integer, add column afternoon_to integer,
    add column minute_index bigint not null default 0,
    add column standard_minutes integer not null default 0;
alter table reference.calendar_day
    alter column minute_index drop default, alter column standard_minutes drop default;
delete from reference.release where name = 'calendar';

-- Every release that was ever loaded, table by table as Parquet.
create table reference.archive (
    name text not null,
    version text not null,
    table_name text not null,
    content bytea not null,
    loaded_at timestamptz not null,
    primary key (name, version, table_name)
);

create table catalogue.crosswalk (
    scheme text not null,
    code text not null,
    power_code text not null,
    valid_from date not null,
    valid_to date,
    source text,
    primary key (scheme, code, valid_from)
);
delete from reference.release where name = 'catalogue';

-- Which fields were published. The tables are made anew, so that the columns stand in the entity's order.
alter table core.disclosure rename to disclosure_0003;
alter table core.disclosure_0003 rename constraint disclosure_pkey to disclosure_0003_pkey;
alter table history.disclosure rename to disclosure_0003;
drop index core.disclosure_batch_id_idx, core.disclosure_record_key_idx;
drop index history.disclosure_department_source_no_idx;
create table core.disclosure (
    department text not null,
    dataset text not null,
    record_key text not null,
    source_version bigint not null,
    batch_id uuid not null,
    raw_row bigint not null,
    row_hash text not null,
    landed_at timestamptz not null,
    deleted_at timestamptz,
    source_no text not null,
    item_code text not null,
    title text,
    produced_at timestamptz,
    published_at timestamptz,
    url text,
    fields text,
    withdrawn_at timestamptz,
    primary key (department, source_no)
);
insert into core.disclosure (
    department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, deleted_at,
    source_no, item_code, title, produced_at, published_at, url, withdrawn_at
)
select
    department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, deleted_at,
    source_no, item_code, title, produced_at, published_at, url, withdrawn_at
from core.disclosure_0003;
drop table core.disclosure_0003;
create index disclosure_batch_id_idx on core.disclosure (batch_id);
create index disclosure_record_key_idx on core.disclosure (record_key);
comment on table core.disclosure is '政府信息公开 / disclosed item';
create table history.disclosure (
    department text,
    dataset text,
    record_key text,
    source_version bigint,
    batch_id uuid,
    raw_row bigint,
    row_hash text,
    landed_at timestamptz,
    deleted_at timestamptz,
    source_no text,
    item_code text,
    title text,
    produced_at timestamptz,
    published_at timestamptz,
    url text,
    fields text,
    withdrawn_at timestamptz,
    changed_at timestamptz not null,
    changed_by_batch uuid not null
);
insert into history.disclosure (
    department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, deleted_at,
    source_no, item_code, title, produced_at, published_at, url, withdrawn_at, changed_at, changed_by_batch
)
select
    department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, deleted_at,
    source_no, item_code, title, produced_at, published_at, url, withdrawn_at, changed_at, changed_by_batch
from history.disclosure_0003;
drop table history.disclosure_0003;
create index disclosure_department_source_no_idx on history.disclosure (department, source_no);
comment on table history.disclosure is '政府信息公开: earlier versions / earlier versions of each disclosed item';

create index case_open_idx on core."case" (case_id) where decided_at is null and closed_at is null;

alter table supervision.rule add column spec jsonb, add column sql text;
alter table supervision.run add column inputs jsonb;
alter table supervision.finding add column judged text not null default 'violation', add column respond_by date;
alter table supervision.finding alter column judged drop default;
update supervision.finding set judged = 'not_judged' where state = 'withdrawn';

create table supervision.notice (
    notice_no text not null,
    kind text not null,
    department text not null,
    title text not null,
    issued_at timestamptz not null,
    issued_by text not null,
    respond_by date,
    html bytea not null,
    docx bytea not null,
    content_hash text not null,
    primary key (notice_no)
);
create index on supervision.notice (department, issued_at);

create table supervision.notice_finding (
    notice_no text not null,
    finding_id uuid not null,
    primary key (notice_no, finding_id)
);
create index on supervision.notice_finding (finding_id);

create table supervision.score (
    month date not null,
    department text not null,
    power_code text not null,
    formula text not null,
    formula_version text not null,
    score numeric(7, 2) not null,
    inputs jsonb not null,
    as_of timestamptz not null,
    computed_at timestamptz not null,
    primary key (month, department, power_code)
);
