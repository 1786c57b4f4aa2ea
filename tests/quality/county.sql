-- A flawless county straight in core: six departments, a year of twenty-five cases a month each, everything that a case
-- may have. What an expectation finds in it was put there by a test.
create temp table named on commit drop as
select name from unnest(array[
    'main', 'dropped', 'jumped', 'drifting', 'sparse', 'certified'
]) name;
insert into reference.department (department, body_code, title_zh, title_en, freshness)
select name, '36012100GT', name, name, '24h' from named;

create temp table chosen on commit drop as
select p.power_code, row_number() over (order by p.power_code) as place,
    (select min(step_code) from catalogue.step s where s.power_code = p.power_code) as first_step,
    (select max(step_code) from catalogue.step s where s.power_code = p.power_code) as last_step,
    (select min(material_code) from catalogue.material m where m.power_code = p.power_code) as material_code,
    (select min(fee_code) from catalogue.fee f where f.power_code = p.power_code) as fee_code
from (
    select distinct power_code from catalogue.step
    intersect select power_code from catalogue.material intersect select power_code from catalogue.fee
) p limit 2;

create temp table made on commit drop as
select n.name as department, k, md5(n.name || k)::uuid as case_id, md5('batch ' || n.name)::uuid as batch_id,
    n.name || '-' || lpad(k::text, 6, '0') as no, p.*,
    (date '2012-01-02' + ((k - 1) / 25) * interval '1 month' + (k % 20) * interval '1 day' + interval '9 hours')
        at time zone 'Asia/Shanghai' as applied_at
from named n cross join generate_series(1, 300) k join chosen p on p.place = k % 2 + 1;

insert into ops.batch (batch_id, department, dataset, kind, state, raw_object, rows_read, landed, unchanged, superseded,
    quarantined, rejected, versions, seconds, files, started_at, landed_at, ledger_no)
select batch_id, department, 'cases', 'extract', 'landed', 'raw', count(*), count(*), 0, 0, 0, 0, '{}', '{}', '[]', now(), now(),
    row_number() over (order by department)
from made group by batch_id, department;
insert into ops.certificate (batch_id, department, dataset, rows_read, landed, unchanged, superseded, quarantined, rejected,
    checksum_read, checksum_landed, issued_at)
select batch_id, department, 'cases', count(*), count(*), 0, 0, 0, 0, 'x', 'x', now() from made group by 1, 2;
insert into ops.record (department, dataset, record_key, source_version, record_hash, deleted, batch_id, raw_row, case_id, arrived_at)
select department, 'cases', no, 0, no, false, batch_id, k, case_id, now() from made;

insert into core."case" (department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id,
    source_case_no, region_code, power_code, source_item_code, item_name, title, applicant_kind, applicant_token,
    applicant_masked, applicant_identity_state, case_kind, channel, applied_at, accepted_at, promised_at, decided_at,
    closed_at, delivered_at, result, status, unit, acceptor, approver, reported_at)
select department, 'cases', no, 0, batch_id, k, md5(no), now(), case_id, no, '360121', power_code, 'X', '事项', '办件', 'person',
    md5('token ' || no), '张**', 'valid', 'promise', case k % 3 when 0 then 'online' else 'window' end, applied_at,
    applied_at + interval '1 hour', applied_at + interval '20 days', applied_at + interval '5 days',
    applied_at + interval '5 days', applied_at + interval '6 days', case k % 10 when 0 then 'denied' else 'granted' end,
    'closed', '科室', '甲', '乙', applied_at + interval '7 days'
from made;
insert into core.event (department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id,
    event_no, step_code, step_name, action, handler, started_at, ended_at)
select department, 'cases', no, 0, batch_id, k, md5(no || e), now(), case_id, e,
    case e when 1 then first_step else last_step end, '环节', 'approve', '甲', applied_at + e * interval '1 day',
    applied_at + e * interval '1 day' + interval '1 hour'
from made cross join generate_series(1, 2) e;
insert into core.clock_stop (department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id,
    stop_no, kind, started_at, ended_at, reason, approver, limit_value, limit_unit, applicant_told)
select department, 'cases', no, 0, batch_id, k, md5(no), now(), case_id, 1, 'hearing', applied_at + interval '2 days',
    applied_at + interval '3 days', '听证', '乙', 5, 'working_day', true
from made where k % 4 = 0;
insert into core.supplement (department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id,
    notice_no, notified_at, list, received_at)
select department, 'cases', no, 0, batch_id, k, md5(no), now(), case_id, 1, applied_at + interval '1 hour', '材料',
    applied_at + interval '1 day'
from made where k % 4 = 1;
insert into core.material (department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id,
    material_code, name, required, received, received_at)
select department, 'cases', no, 0, batch_id, k, md5(no), now(), case_id, material_code, '材料', true, true, applied_at
from made;
insert into core.fee (department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id, fee_no,
    fee_code, amount, quantity, paid_at, receipt_no)
select department, 'cases', no, 0, batch_id, k, md5(no), now(), case_id, 1, fee_code, 80, 1, applied_at + interval '2 days', no
from made;
insert into core.disclosure (department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at,
    source_no, item_code, title, produced_at, published_at, url, withdrawn_at)
select department, 'cases', no, 0, batch_id, k, md5(no), now(), no, (select min(item_code) from catalogue.disclosure_item), '公开',
    applied_at, applied_at + interval '1 day', 'http://example.invalid/' || k, applied_at + interval '90 days'
from made where k % 10 = 0;
insert into core.feedback (department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id,
    feedback_no, kind, rating, at, text)
select department, 'cases', no, 0, batch_id, k, md5(no), now(), case_id, 1, '评价', 1 + k % 5, applied_at + interval '8 days', '好'
from made where k % 5 = 0;
insert into core.penalty (department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at, case_id,
    penalty_no, kind, amount, decided_at)
select department, 'cases', no, 0, batch_id, k, md5(no), now(), case_id, 1, '罚款', 100, applied_at + interval '5 days'
from made where k % 7 = 0;
