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

alter table core.disclosure add column fields text;
alter table history.disclosure add column fields text;

create index case_open_idx on core."case" (case_id) where decided_at is null and closed_at is null;

alter table supervision.rule add column spec jsonb, add column sql text;
alter table supervision.run add column parameters jsonb, add column engine_version text;
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
