-- Where supervision keeps what it knows of every case: of the county, and of a slice for each session. The tables are made,
-- and made anew, by the runs; nothing in them is a source of anything.
create schema working_0;
create schema working_1;
create schema working_2;
create schema working_3;
create schema working_4;

-- What a finding says, in 32 bytes: the runs' hash is made of these. Batches that facts name are left out: they are drawn
-- anew wherever the same data lands. Stable and not immutable, so that it is expanded in the statement that calls it.
create function supervision.finding_digest(
    rule_id text, subject text, level text, facts jsonb, limit_value numeric, limit_unit text, elapsed numeric
)
returns bytea language sql stable parallel safe
return sha256(convert_to(concat_ws(
    chr(31), rule_id, subject, level,
    case when position('"batch_id"' in facts::text) > 0
        then regexp_replace(facts::text, '"batch_id": "[^"]*"', '"batch_id": ""', 'g') else facts::text end,
    coalesce(trim_scale(limit_value)::text, '-'), coalesce(limit_unit, '-'), coalesce(trim_scale(elapsed)::text, '-')
), 'UTF8'));

alter table supervision.finding add column digest bytea;
update supervision.finding
set digest = supervision.finding_digest(rule_id, subject, level, facts, limit_value, limit_unit, elapsed);
alter table supervision.finding alter column digest set not null;
-- The runs' hash is read from the index alone.
alter table supervision.finding drop constraint finding_pkey;
alter table supervision.finding add constraint finding_pkey primary key (finding_id) include (digest, judged);

-- Which departments report deliveries and receipts at all: every run asks.
create index case_delivered_idx on core."case" (department) where delivered_at is not null and deleted_at is null;
create index fee_receipt_idx on core.fee (department)
    where coalesce(trim(receipt_no), '') <> '' and deleted_at is null;
