-- A county of made-up cases, set by set and the same in every run: nothing is drawn but from hashes of the case's number.
-- {cases} is how many; `workday` numbers the working days of two years; all times lie in office hours unless they are
-- meant to catch a rule's eye.
set local work_mem = '512MB';
set local synchronous_commit = off;

create function pg_temp.u(number bigint, salt int) returns double precision language sql immutable as
$$ select (hashint8extended(number, salt) & 1048575) / 1048576.0::float8 $$;

-- Three more bodies with the powers of three that there are, so that there are eight departments and some sixty powers.
create temp table twin on commit drop as
select * from (values ('36012100GT', '36012200GT'), ('36012100GA', '36012200GA'), ('36012100FC', '36012200FC'))
    t (of_body, body_code);
insert into catalogue.body
select t.body_code, substr(t.body_code, 1, 8), b.initials, b.name || '（二）', b.nature
from catalogue.body b join twin t on t.of_body = b.body_code;
do $$
declare
    copied text;
    names text;
begin
    foreach copied in array array['power', 'step', 'transition', 'material', 'fee', 'discretion'] loop
        select string_agg(case column_name
            when 'power_code' then 'replace(c.power_code, t.of_body, t.body_code)'
            when 'body_code' then 't.body_code' else 'c.' || quote_ident(column_name) end, ', ' order by ordinal_position)
        into names from information_schema.columns where table_schema = 'catalogue' and table_name = copied;
        execute format(
            'insert into catalogue.%I select %s from catalogue.%I c join twin t on c.power_code like t.of_body || ''%%''',
            copied, names, copied);
    end loop;
end $$;
insert into reference.department
select 'second_' || d.department, t.body_code, d.title_zh, d.title_en, d.freshness
from reference.department d join twin t on t.of_body = d.body_code;
analyze catalogue.power, catalogue.step, catalogue.transition, catalogue.material, catalogue.fee;

create temp table workday on commit drop as
select
    row_number() over (order by date) - 1 as no, date,
    (date + time '09:00') at time zone 'Asia/Shanghai' as opens_at
from reference.calendar_day where is_workday and date between date '2012-01-04' and date '2014-03-31';
analyze workday;

-- One row per case: when it begins (working day and minute of 330 a day) and which of the oddities it has.
create temp table drawn on commit drop as
with span as (
    select max(no) as days from workday where date <= date '2013-12-31'
),
power as (
    select
        row_number() over (order by p.power_code) - 1 as no, count(*) over () as powers, p.power_code,
        min(p.body_code) as body_code, min(p.type) as type, bool_or(p.charges) as charges,
        min(coalesce(p.case_kind, 'promise')) as case_kind, min(d.department) as department
    from catalogue.power p join reference.department d on d.body_code = p.body_code
    where p.effective_to is null or exists (
        select from catalogue.power l where l.power_code = p.power_code and l.effective_to is null)
    group by p.power_code
),
begun as (
    select
        i, md5('case ' || i)::uuid as case_id,
        greatest(least(floor((i - 1.0) / {cases} * s.days + pg_temp.u(i, 1) * 5 - 2), s.days), 0)::bigint as day_no,
        floor(pg_temp.u(i, 2) * 300)::int as minute
    from generate_series(1, {cases}) i cross join span s
)
select
    b.i, b.case_id,
    row_number() over (partition by p.department order by b.i)
        + row_number() over (partition by p.department order by b.i) / 2000 as serial,
    b.day_no, b.minute, w.date as begun_on, p.department, p.power_code, p.type, p.charges, p.case_kind,
    v.version,
    case when pg_temp.u(b.i, 4) < 0.012 then 2 + b.i % 3 end as skipped_step,
    pg_temp.u(b.i, 5) < 0.012 as swapped,
    case when pg_temp.u(b.i, 6) < 0.006 then 6 when pg_temp.u(b.i, 6) < 0.03 then 3 else 1 end as slowness,
    pg_temp.u(b.i, 7) < 0.18 and w.date >= date '2013-07-01' as stuck,
    pg_temp.u(b.i, 8) < 0.004 as at_once,
    case
        when pg_temp.u(b.i, 9) < 0.015 then 'refused' when pg_temp.u(b.i, 9) < 0.04 then 'denied' else 'granted'
    end as result,
    md5('batch ' || p.department || b.i * 20 / ({cases} + 1))::uuid as batch_id
from begun b
join workday w on w.no = b.day_no
join power p on p.no = floor(pg_temp.u(b.i, 3) * p.powers)
left join catalogue.power v
    on v.power_code = p.power_code and w.date between v.effective_from and coalesce(v.effective_to, date '9999-12-31');
analyze drawn;

insert into ops.batch (
    batch_id, department, dataset, kind, state, raw_object, rows_read, versions, seconds, files, started_at, landed_at,
    ledger_no
)
select
    batch_id, department, 'cases', 'extract', 'landed', 'raw/' || department || '/' || batch_id, count(*),
    '{"mapping": "m1", "codes": "c1"}', '{}', '[]', timestamptz '2013-12-31 06:00+08' - interval '1 day' * (20 - min(i) * 20 / {cases}),
    timestamptz '2013-12-31 06:10+08' - interval '1 day' * (20 - min(i) * 20 / {cases}), row_number() over (order by min(i))
from drawn group by batch_id, department;

-- The steps taken, each as long as a part of its limit, in minutes of office time from the case's beginning.
create temp table taken on commit drop as
with timed as (
    select
        d.i, d.case_id, d.department, d.batch_id, d.day_no, d.minute, d.stuck, d.version, s.step_code, s.name, s.kind, s.post,
        case when d.swapped and s.step_order = 2 then 3.5 else s.step_order end as place,
        case when d.at_once then 0 else
            coalesce(s.limit_value, 1)
            * case s.limit_unit when 'minute' then 1 when 'hour' then 60 when 'calendar_day' then 60 when 'month' then 7000 else 330 end
            * (0.1 + 0.6 * pg_temp.u(d.i * 16 + s.step_order, 11))
            * d.slowness * case when pg_temp.u(d.i * 16 + s.step_order, 12) < 0.006 then 3 else 1 end
        end as minutes
    from drawn d
    join catalogue.step s on s.power_code = d.power_code and s.version = d.version
    where d.result <> 'refused' and s.step_order is distinct from d.skipped_step
        and (s.mandatory or pg_temp.u(d.i * 16 + s.step_order, 13) < 0.7)
),
placed as (
    select
        *, row_number() over way as event_no, minute + sum(minutes) over way - minutes as from_minute,
        minute + sum(minutes) over way as to_minute
    from timed window way as (partition by i order by place)
)
select
    p.i, p.case_id, p.department, p.batch_id, p.event_no, p.step_code, p.name, p.kind, p.post,
    f.opens_at + interval '1 minute' * (m.from_minute + case when m.from_minute >= 180 then 180 else 0 end)
        + interval '1 second' * (p.i % 60) as started_at,
    t.opens_at + interval '1 minute' * (m.to_minute + case when m.to_minute >= 180 then 180 else 0 end)
        + interval '1 second' * (p.i % 60) as ended_at
from placed p
cross join lateral (
    select floor(p.from_minute)::bigint % 330 as from_minute, floor(p.to_minute)::bigint % 330 as to_minute) m
join workday f on f.no = p.day_no + floor(p.from_minute)::bigint / 330
join workday t on t.no = p.day_no + floor(p.to_minute)::bigint / 330
where not p.stuck or p.event_no <= 2;
delete from taken where started_at > timestamptz '2013-12-31 18:00+08';
update taken set ended_at = null where ended_at > timestamptz '2013-12-31 18:00+08';
analyze taken;

create temp table course on commit drop as
select
    i, min(started_at) as accepted_at, max(ended_at) filter (where kind = 'decision') as decided_at,
    max(ended_at) filter (where kind = 'delivery') as delivered_at
from taken group by i
union all
-- Punishments are no matter of the platform: their powers have no steps, their cases no events.
select d.i, t.accepted_at, x.decided_at, null
from drawn d
join workday w on w.no = d.day_no
cross join lateral (select w.opens_at + interval '1 minute' * (d.minute % 180) as accepted_at) t
cross join lateral (
    select case when t.accepted_at < timestamptz '2013-12-01 00:00+08' then t.accepted_at + interval '1 day' * (3 + d.i % 20) end
        as decided_at) x
where d.type = 'CF' and d.result <> 'refused' and not exists (select from taken e where e.i = d.i);

insert into core."case" (
    department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, deleted_at, case_id,
    source_case_no, region_code, power_code, item_name, title, applicant_kind, applicant_token, applicant_masked,
    applicant_identity_state, case_kind, channel, applied_at, accepted_at, promised_at, decided_at, closed_at,
    delivered_at, result, result_reason, document_no, status, unit, acceptor, approver, reported_at
)
select
    d.department, 'cases', to_char(d.begun_on, 'YYYY') || lpad(d.serial::text, 8, '0'), 1, d.batch_id, d.i, md5(d.i::text), b.landed_at,
    case when pg_temp.u(d.i, 21) < 0.002 then b.landed_at end, d.case_id,
    to_char(d.begun_on, 'YYYY') || lpad(d.serial::text, 8, '0'), '360121',
    case when pg_temp.u(d.i, 22) < 0.004 then '36012100ZZ-XK-9999' when pg_temp.u(d.i, 22) > 0.996 then null else d.power_code end,
    '事项' || d.power_code, '申请' || d.i, 'person', case when pg_temp.u(d.i, 23) > 0.01 then md5('person ' || d.i) end, '王*',
    case when pg_temp.u(d.i, 24) < 0.012 then 'invalid' when pg_temp.u(d.i, 24) < 0.03 then 'absent' else 'valid' end,
    d.case_kind, case when d.i % 3 = 0 then 'online' else 'window' end,
    t.applied_at, c.accepted_at, null, t.decided_at, t.closed_at,
    case
        when d.result = 'granted' and t.decided_at is not null and pg_temp.u(d.i, 25) > 0.01 then
            coalesce(c.delivered_at, least(t.decided_at + interval '1 day' * (1 + d.i % 5), timestamptz '2013-12-31 17:00+08'))
    end,
    case when t.closed_at is not null then d.result end,
    case when d.result <> 'granted' and t.closed_at is not null and pg_temp.u(d.i, 26) > 0.25 then '不符合法定条件' end,
    case when d.result = 'granted' and t.closed_at is not null and pg_temp.u(d.i, 27) > 0.012 then '文〔2013〕' || d.i end,
    case when t.closed_at is not null then 'closed' else 'in_progress' end,
    '窗口', case when pg_temp.u(d.i, 28) > 0.008 then '受理员' || d.i % 7 end,
    case
        when t.decided_at is null then null
        when pg_temp.u(d.i, 29) < 0.008 then '受理员' || d.i % 7
        when pg_temp.u(d.i, 29) > 0.005 then '审批人' || d.i % 5
    end,
    coalesce(t.closed_at, c.accepted_at, t.applied_at)
        + interval '1 hour' * (1 + d.i % 20) * case when pg_temp.u(d.i, 30) < 0.012 then 10 else 1 end
from drawn d
join ops.batch b on b.batch_id = d.batch_id
join workday w on w.no = d.day_no
left join course c on c.i = d.i
cross join lateral (
    select coalesce(c.accepted_at, w.opens_at + interval '90 minutes')
        - interval '1 day' * case when pg_temp.u(d.i, 31) < 0.01 then 12 else d.i % 3 end as applied_at,
        c.decided_at + interval '1 hour' * case when pg_temp.u(d.i, 32) < 0.02 + 0.3 * (d.begun_on between '2013-06-01' and '2013-06-30')::int
            then 5 else 0 end as decided_at
) s
cross join lateral (
    select s.applied_at, s.decided_at,
        case
            when d.result = 'refused' then s.applied_at + interval '1 day'
            when pg_temp.u(d.i, 33) < 0.006 then s.decided_at - interval '3 days'
            when pg_temp.u(d.i, 33) < 0.012 then
                (date_trunc('day', s.decided_at at time zone 'Asia/Shanghai') + interval '23 hours') at time zone 'Asia/Shanghai'
            else s.decided_at
        end as closed_at
) t
order by d.i;

insert into core.event (
    department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id, event_no, step_code,
    step_name, action, handler, post, started_at, ended_at
)
select
    department, 'steps', i || '|' || event_no, 1, batch_id, i, md5(i || '|' || event_no), timestamptz '2013-12-31 06:00+08',
    case_id, event_no, step_code, name, 'approve', '经办人' || i % 50,
    case when pg_temp.u(i * 16 + event_no, 41) < 0.002 then '其他岗' else post end, started_at, ended_at
from taken order by i, event_no;

insert into core.supplement (
    department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id, notice_no,
    notified_at, list, received_at
)
select
    d.department, 'supplements', d.i || '|' || n, 1, d.batch_id, d.i, md5(d.i || 's' || n), timestamptz '2013-12-31 06:00+08', d.case_id,
    n, c.applied_at + interval '1 day' * (n + case when pg_temp.u(d.i, 51) < 0.03 then 11 else 0 end) + interval '1 minute' * (d.i % 60),
    '补充材料', c.applied_at + interval '1 day' * (n + 2)
from drawn d join core."case" c on c.case_id = d.case_id
cross join generate_series(1, case when pg_temp.u(d.i, 52) < 0.005 then 2 when pg_temp.u(d.i, 52) < 0.06 then 1 else 0 end) n
order by d.i;

insert into core.clock_stop (
    department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id, stop_no, kind, started_at,
    ended_at, reason, approver, limit_value, limit_unit, applicant_told
)
select
    d.department, 'stops', d.i || '|1', 1, d.batch_id, d.i, md5(d.i || 'stop'), timestamptz '2013-12-31 06:00+08', d.case_id, 1,
    'expert_review', c.accepted_at + interval '1 hour', s.ended_at, case when pg_temp.u(d.i, 62) > 0.02 then '专家评审' end,
    case when pg_temp.u(d.i, 62) < 0.97 then '分管领导' end, case when d.i % 2 = 0 then 10 end,
    case when d.i % 2 = 0 then 'working_day' end, true
from drawn d join core."case" c on c.case_id = d.case_id
cross join lateral (
    select c.accepted_at + interval '1 day' * (2 + case when pg_temp.u(d.i, 63) < 0.03 then 20 else 0 end) as ended_at) e
cross join lateral (
    select case when e.ended_at < least(coalesce(c.decided_at, 'infinity'), timestamptz '2013-12-31 18:00+08') then e.ended_at end as ended_at) s
where d.case_kind <> 'instant' and pg_temp.u(d.i, 61) < 0.05 and c.accepted_at is not null
    and (s.ended_at is not null or c.decided_at is null)
order by d.i;

insert into core.material (
    department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id, material_code, name,
    required, received, received_at
)
select
    d.department, 'materials', d.i || '|' || m.material_code, 1, d.batch_id, d.i, md5(d.i || m.material_code),
    timestamptz '2013-12-31 06:00+08', d.case_id, m.material_code, m.name, m.required,
    pg_temp.u(d.i * 64 + hashtext(m.material_code) % 64, 71) > 0.003, c.accepted_at
from drawn d join core."case" c on c.case_id = d.case_id
join catalogue.material m on m.power_code = d.power_code and m.version = d.version
where d.department in ('land_resources', 'housing')
order by d.i;

insert into core.fee (
    department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id, fee_no, fee_code,
    amount, quantity, paid_at, receipt_no
)
select
    d.department, 'fees', d.i || '|1', 1, d.batch_id, d.i, md5(d.i || 'fee'), timestamptz '2013-12-31 06:00+08', d.case_id, 1,
    case when pg_temp.u(d.i, 81) < 0.01 then 'X9' else coalesce(f.fee_code, 'F1') end,
    coalesce(f.standard_max, 50) * case when pg_temp.u(d.i, 82) < 0.02 then 1.2 else 1 end, 1, c.accepted_at,
    case when pg_temp.u(d.i, 83) > 0.015 then '票' || d.i end
from drawn d join core."case" c on c.case_id = d.case_id
left join catalogue.fee f on f.power_code = d.power_code and f.version = d.version and f.fee_code = 'F1'
where c.accepted_at is not null and (d.charges or pg_temp.u(d.i, 84) < 0.006)
order by d.i;

insert into core.penalty (
    department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id, penalty_no,
    circumstance_code, kind, amount, decided_at
)
select
    d.department, 'penalties', d.i || '|1', 1, d.batch_id, d.i, md5(d.i || 'penalty'), timestamptz '2013-12-31 06:00+08', d.case_id, 1,
    '01', '罚款', 200 + d.i % 300 + case when pg_temp.u(d.i, 91) < 0.03 then 50000 else 0 end, c.decided_at
from drawn d join core."case" c on c.case_id = d.case_id
where d.type = 'CF' and c.decided_at is not null
order by d.i;

insert into history."case"
select
    c.department, c.dataset, c.record_key, 0, c.batch_id, c.raw_row, md5(c.row_hash), c.landed_at - interval '10 days', null,
    c.case_id, c.source_case_no, c.region_code, c.power_code, c.power_version, c.source_item_code, c.item_name, c.title,
    c.applicant_kind, c.applicant_token, c.applicant_masked, c.applicant_identity_state, c.case_kind, c.channel, c.applied_at,
    c.accepted_at, c.promised_at,
    case when pg_temp.u(d.i, 93) < 0.1 then c.decided_at + interval '1 day' end, null, null, null, null, null, 'in_progress', c.unit, c.acceptor,
    c.approver, c.reported_at, c.landed_at, c.batch_id
from drawn d join core."case" c on c.case_id = d.case_id
where pg_temp.u(d.i, 92) < 0.03
order by d.i;

insert into core.disclosure (
    department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, source_no, item_code, title,
    produced_at, published_at, url, fields
)
select
    p.department, 'disclosures', n::text, 1, b.batch_id, n, md5('d' || n), timestamptz '2013-12-31 06:00+08', n::text, i.item_code, '公开' || n,
    w.opens_at, w.opens_at + interval '1 day' * (3 + n % 10 + case when pg_temp.u(n, 94) < 0.03 then 40 else 0 end),
    'http://example.invalid/' || n, case when pg_temp.u(n, 95) < 0.03 then '标题' else replace(i.fields_required, e'\n', '、') end
from catalogue.disclosure_item i
join reference.department p on p.body_code = i.body_code
join lateral (select min(batch_id::text)::uuid as batch_id from ops.batch b where b.department = p.department) b on true
cross join lateral (select hashtext(i.item_code) % 1000 * 100000 as from_no) h
cross join generate_series(1, greatest({cases} / 250, 5)) s
cross join lateral (select abs(h.from_no) + s as n) x
join workday w on w.no = s % 460
order by i.item_code, s;
