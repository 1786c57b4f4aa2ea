-- Frozen: never edited after it has run anywhere. A change of a table is a new revision.

CREATE TABLE core."case" (
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    record_key TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    batch_id UUID NOT NULL,
    raw_row BIGINT NOT NULL,
    row_hash TEXT NOT NULL,
    landed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID NOT NULL,
    source_case_no TEXT NOT NULL,
    region_code TEXT,
    power_code TEXT,
    power_version TEXT,
    source_item_code TEXT,
    item_name TEXT,
    title TEXT,
    applicant_kind TEXT,
    applicant_token TEXT,
    applicant_masked TEXT,
    applicant_identity_state TEXT,
    case_kind TEXT,
    channel TEXT,
    applied_at TIMESTAMP WITH TIME ZONE,
    accepted_at TIMESTAMP WITH TIME ZONE,
    promised_at TIMESTAMP WITH TIME ZONE,
    decided_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    delivered_at TIMESTAMP WITH TIME ZONE,
    result TEXT,
    result_reason TEXT,
    document_no TEXT,
    status TEXT,
    unit TEXT,
    acceptor TEXT,
    approver TEXT,
    reported_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT case_pkey PRIMARY KEY (case_id)
);
CREATE INDEX case_batch_id_idx ON core."case" (batch_id);
COMMENT ON TABLE core."case" IS '办件 / case';

CREATE TABLE core.event (
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    record_key TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    batch_id UUID NOT NULL,
    raw_row BIGINT NOT NULL,
    row_hash TEXT NOT NULL,
    landed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID NOT NULL,
    event_no BIGINT NOT NULL,
    step_code TEXT NOT NULL,
    step_name TEXT,
    action TEXT,
    outcome TEXT,
    handler TEXT,
    post TEXT,
    unit TEXT,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    opinion TEXT,
    CONSTRAINT event_pkey PRIMARY KEY (case_id, event_no)
);
CREATE INDEX event_batch_id_idx ON core.event (batch_id);
CREATE INDEX event_record_key_idx ON core.event (record_key);
COMMENT ON TABLE core.event IS '环节 / step of a case';

CREATE TABLE core.clock_stop (
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    record_key TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    batch_id UUID NOT NULL,
    raw_row BIGINT NOT NULL,
    row_hash TEXT NOT NULL,
    landed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID NOT NULL,
    stop_no BIGINT NOT NULL,
    kind TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    approver TEXT,
    limit_value BIGINT,
    limit_unit TEXT,
    applicant_told BOOLEAN,
    CONSTRAINT clock_stop_pkey PRIMARY KEY (case_id, stop_no)
);
CREATE INDEX clock_stop_batch_id_idx ON core.clock_stop (batch_id);
CREATE INDEX clock_stop_record_key_idx ON core.clock_stop (record_key);
COMMENT ON TABLE core.clock_stop IS '特别程序 / clock stop';

CREATE TABLE core.supplement (
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    record_key TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    batch_id UUID NOT NULL,
    raw_row BIGINT NOT NULL,
    row_hash TEXT NOT NULL,
    landed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID NOT NULL,
    notice_no BIGINT NOT NULL,
    notified_at TIMESTAMP WITH TIME ZONE NOT NULL,
    list TEXT,
    received_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT supplement_pkey PRIMARY KEY (case_id, notice_no)
);
CREATE INDEX supplement_batch_id_idx ON core.supplement (batch_id);
CREATE INDEX supplement_record_key_idx ON core.supplement (record_key);
COMMENT ON TABLE core.supplement IS '补正 / supplement notice';

CREATE TABLE core.material (
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    record_key TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    batch_id UUID NOT NULL,
    raw_row BIGINT NOT NULL,
    row_hash TEXT NOT NULL,
    landed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID NOT NULL,
    material_code TEXT NOT NULL,
    name TEXT,
    required BOOLEAN,
    received BOOLEAN NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT material_pkey PRIMARY KEY (case_id, material_code)
);
CREATE INDEX material_batch_id_idx ON core.material (batch_id);
CREATE INDEX material_record_key_idx ON core.material (record_key);
COMMENT ON TABLE core.material IS '材料 / material';

CREATE TABLE core.fee (
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    record_key TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    batch_id UUID NOT NULL,
    raw_row BIGINT NOT NULL,
    row_hash TEXT NOT NULL,
    landed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID NOT NULL,
    fee_no BIGINT NOT NULL,
    fee_code TEXT,
    amount NUMERIC(16, 2) NOT NULL,
    quantity NUMERIC(18, 4),
    paid_at TIMESTAMP WITH TIME ZONE,
    receipt_no TEXT,
    basis TEXT,
    waiver_reason TEXT,
    CONSTRAINT fee_pkey PRIMARY KEY (case_id, fee_no)
);
CREATE INDEX fee_batch_id_idx ON core.fee (batch_id);
CREATE INDEX fee_record_key_idx ON core.fee (record_key);
COMMENT ON TABLE core.fee IS '收费 / fee';

CREATE TABLE core.disclosure (
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    record_key TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    batch_id UUID NOT NULL,
    raw_row BIGINT NOT NULL,
    row_hash TEXT NOT NULL,
    landed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    source_no TEXT NOT NULL,
    item_code TEXT NOT NULL,
    title TEXT,
    produced_at TIMESTAMP WITH TIME ZONE,
    published_at TIMESTAMP WITH TIME ZONE,
    url TEXT,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT disclosure_pkey PRIMARY KEY (department, source_no)
);
CREATE INDEX disclosure_batch_id_idx ON core.disclosure (batch_id);
CREATE INDEX disclosure_record_key_idx ON core.disclosure (record_key);
COMMENT ON TABLE core.disclosure IS '政府信息公开 / disclosed item';

CREATE TABLE core.feedback (
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    record_key TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    batch_id UUID NOT NULL,
    raw_row BIGINT NOT NULL,
    row_hash TEXT NOT NULL,
    landed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID NOT NULL,
    feedback_no BIGINT NOT NULL,
    kind TEXT,
    rating BIGINT,
    at TIMESTAMP WITH TIME ZONE,
    text TEXT,
    CONSTRAINT feedback_pkey PRIMARY KEY (case_id, feedback_no)
);
CREATE INDEX feedback_batch_id_idx ON core.feedback (batch_id);
CREATE INDEX feedback_record_key_idx ON core.feedback (record_key);
COMMENT ON TABLE core.feedback IS '评价投诉 / rating or complaint';

CREATE TABLE core.penalty (
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    record_key TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    batch_id UUID NOT NULL,
    raw_row BIGINT NOT NULL,
    row_hash TEXT NOT NULL,
    landed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID NOT NULL,
    penalty_no BIGINT NOT NULL,
    circumstance_code TEXT,
    kind TEXT,
    amount NUMERIC(16, 2),
    decided_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT penalty_pkey PRIMARY KEY (case_id, penalty_no)
);
CREATE INDEX penalty_batch_id_idx ON core.penalty (batch_id);
CREATE INDEX penalty_record_key_idx ON core.penalty (record_key);
COMMENT ON TABLE core.penalty IS '行政处罚 / penalty';

CREATE TABLE history."case" (
    department TEXT,
    dataset TEXT,
    record_key TEXT,
    source_version BIGINT,
    batch_id UUID,
    raw_row BIGINT,
    row_hash TEXT,
    landed_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID,
    source_case_no TEXT,
    region_code TEXT,
    power_code TEXT,
    power_version TEXT,
    source_item_code TEXT,
    item_name TEXT,
    title TEXT,
    applicant_kind TEXT,
    applicant_token TEXT,
    applicant_masked TEXT,
    applicant_identity_state TEXT,
    case_kind TEXT,
    channel TEXT,
    applied_at TIMESTAMP WITH TIME ZONE,
    accepted_at TIMESTAMP WITH TIME ZONE,
    promised_at TIMESTAMP WITH TIME ZONE,
    decided_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    delivered_at TIMESTAMP WITH TIME ZONE,
    result TEXT,
    result_reason TEXT,
    document_no TEXT,
    status TEXT,
    unit TEXT,
    acceptor TEXT,
    approver TEXT,
    reported_at TIMESTAMP WITH TIME ZONE,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_by_batch UUID NOT NULL
);
CREATE INDEX case_case_id_idx ON history."case" (case_id);
COMMENT ON TABLE history."case" IS '办件: earlier versions / earlier versions of each case';

CREATE TABLE history.event (
    department TEXT,
    dataset TEXT,
    record_key TEXT,
    source_version BIGINT,
    batch_id UUID,
    raw_row BIGINT,
    row_hash TEXT,
    landed_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID,
    event_no BIGINT,
    step_code TEXT,
    step_name TEXT,
    action TEXT,
    outcome TEXT,
    handler TEXT,
    post TEXT,
    unit TEXT,
    started_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    opinion TEXT,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_by_batch UUID NOT NULL
);
CREATE INDEX event_case_id_event_no_idx ON history.event (case_id, event_no);
COMMENT ON TABLE history.event IS '环节: earlier versions / earlier versions of each step of a case';

CREATE TABLE history.clock_stop (
    department TEXT,
    dataset TEXT,
    record_key TEXT,
    source_version BIGINT,
    batch_id UUID,
    raw_row BIGINT,
    row_hash TEXT,
    landed_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID,
    stop_no BIGINT,
    kind TEXT,
    started_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    approver TEXT,
    limit_value BIGINT,
    limit_unit TEXT,
    applicant_told BOOLEAN,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_by_batch UUID NOT NULL
);
CREATE INDEX clock_stop_case_id_stop_no_idx ON history.clock_stop (case_id, stop_no);
COMMENT ON TABLE history.clock_stop IS '特别程序: earlier versions / earlier versions of each clock stop';

CREATE TABLE history.supplement (
    department TEXT,
    dataset TEXT,
    record_key TEXT,
    source_version BIGINT,
    batch_id UUID,
    raw_row BIGINT,
    row_hash TEXT,
    landed_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID,
    notice_no BIGINT,
    notified_at TIMESTAMP WITH TIME ZONE,
    list TEXT,
    received_at TIMESTAMP WITH TIME ZONE,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_by_batch UUID NOT NULL
);
CREATE INDEX supplement_case_id_notice_no_idx ON history.supplement (case_id, notice_no);
COMMENT ON TABLE history.supplement IS '补正: earlier versions / earlier versions of each supplement notice';

CREATE TABLE history.material (
    department TEXT,
    dataset TEXT,
    record_key TEXT,
    source_version BIGINT,
    batch_id UUID,
    raw_row BIGINT,
    row_hash TEXT,
    landed_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID,
    material_code TEXT,
    name TEXT,
    required BOOLEAN,
    received BOOLEAN,
    received_at TIMESTAMP WITH TIME ZONE,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_by_batch UUID NOT NULL
);
CREATE INDEX material_case_id_material_code_idx ON history.material (case_id, material_code);
COMMENT ON TABLE history.material IS '材料: earlier versions / earlier versions of each material';

CREATE TABLE history.fee (
    department TEXT,
    dataset TEXT,
    record_key TEXT,
    source_version BIGINT,
    batch_id UUID,
    raw_row BIGINT,
    row_hash TEXT,
    landed_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID,
    fee_no BIGINT,
    fee_code TEXT,
    amount NUMERIC(16, 2),
    quantity NUMERIC(18, 4),
    paid_at TIMESTAMP WITH TIME ZONE,
    receipt_no TEXT,
    basis TEXT,
    waiver_reason TEXT,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_by_batch UUID NOT NULL
);
CREATE INDEX fee_case_id_fee_no_idx ON history.fee (case_id, fee_no);
COMMENT ON TABLE history.fee IS '收费: earlier versions / earlier versions of each fee';

CREATE TABLE history.disclosure (
    department TEXT,
    dataset TEXT,
    record_key TEXT,
    source_version BIGINT,
    batch_id UUID,
    raw_row BIGINT,
    row_hash TEXT,
    landed_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    source_no TEXT,
    item_code TEXT,
    title TEXT,
    produced_at TIMESTAMP WITH TIME ZONE,
    published_at TIMESTAMP WITH TIME ZONE,
    url TEXT,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_by_batch UUID NOT NULL
);
CREATE INDEX disclosure_department_source_no_idx ON history.disclosure (department, source_no);
COMMENT ON TABLE history.disclosure IS '政府信息公开: earlier versions / earlier versions of each disclosed item';

CREATE TABLE history.feedback (
    department TEXT,
    dataset TEXT,
    record_key TEXT,
    source_version BIGINT,
    batch_id UUID,
    raw_row BIGINT,
    row_hash TEXT,
    landed_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID,
    feedback_no BIGINT,
    kind TEXT,
    rating BIGINT,
    at TIMESTAMP WITH TIME ZONE,
    text TEXT,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_by_batch UUID NOT NULL
);
CREATE INDEX feedback_case_id_feedback_no_idx ON history.feedback (case_id, feedback_no);
COMMENT ON TABLE history.feedback IS '评价投诉: earlier versions / earlier versions of each rating or complaint';

CREATE TABLE history.penalty (
    department TEXT,
    dataset TEXT,
    record_key TEXT,
    source_version BIGINT,
    batch_id UUID,
    raw_row BIGINT,
    row_hash TEXT,
    landed_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    case_id UUID,
    penalty_no BIGINT,
    circumstance_code TEXT,
    kind TEXT,
    amount NUMERIC(16, 2),
    decided_at TIMESTAMP WITH TIME ZONE,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_by_batch UUID NOT NULL
);
CREATE INDEX penalty_case_id_penalty_no_idx ON history.penalty (case_id, penalty_no);
COMMENT ON TABLE history.penalty IS '行政处罚: earlier versions / earlier versions of each penalty';

CREATE TABLE restricted.party (
    applicant_token TEXT NOT NULL,
    kind TEXT,
    identity_enc BYTEA,
    phone_enc BYTEA,
    name_enc BYTEA,
    first_batch UUID NOT NULL,
    CONSTRAINT party_pkey PRIMARY KEY (applicant_token)
);

CREATE TABLE restricted.quarantine_raw (
    quarantine_id BIGSERIAL NOT NULL,
    raw_enc BYTEA NOT NULL,
    CONSTRAINT quarantine_raw_pkey PRIMARY KEY (quarantine_id)
);

CREATE TABLE catalogue.power (
    power_code TEXT NOT NULL,
    version INTEGER NOT NULL,
    effective_from DATE NOT NULL,
    effective_to DATE,
    scheme TEXT,
    name TEXT NOT NULL,
    content TEXT,
    type TEXT NOT NULL,
    body_code TEXT NOT NULL,
    level TEXT,
    service_object TEXT,
    basis TEXT,
    conditions TEXT,
    statutory_value INTEGER,
    statutory_unit TEXT,
    promised_value INTEGER,
    promised_unit TEXT,
    case_kind TEXT,
    charges BOOLEAN NOT NULL,
    supervision_channel TEXT,
    on_platform BOOLEAN NOT NULL,
    CONSTRAINT power_pkey PRIMARY KEY (power_code, version)
);

CREATE TABLE catalogue.step (
    power_code TEXT NOT NULL,
    version INTEGER NOT NULL,
    step_code TEXT NOT NULL,
    step_order INTEGER NOT NULL,
    name TEXT NOT NULL,
    post TEXT,
    authority TEXT,
    limit_value INTEGER,
    limit_unit TEXT,
    kind TEXT NOT NULL,
    mandatory BOOLEAN NOT NULL,
    special BOOLEAN NOT NULL,
    CONSTRAINT step_pkey PRIMARY KEY (power_code, version, step_code)
);

CREATE TABLE catalogue.transition (
    power_code TEXT NOT NULL,
    version INTEGER NOT NULL,
    from_step TEXT NOT NULL,
    to_step TEXT NOT NULL,
    CONSTRAINT transition_pkey PRIMARY KEY (power_code, version, from_step, to_step)
);

CREATE TABLE catalogue.material (
    power_code TEXT NOT NULL,
    version INTEGER NOT NULL,
    material_code TEXT NOT NULL,
    name TEXT NOT NULL,
    required BOOLEAN NOT NULL,
    copies INTEGER,
    issuer TEXT,
    CONSTRAINT material_pkey PRIMARY KEY (power_code, version, material_code)
);

CREATE TABLE catalogue.fee (
    power_code TEXT NOT NULL,
    version INTEGER NOT NULL,
    fee_code TEXT NOT NULL,
    name TEXT NOT NULL,
    standard_min NUMERIC(16, 2),
    standard_max NUMERIC(16, 2),
    unit TEXT,
    basis TEXT,
    reducible BOOLEAN,
    CONSTRAINT fee_pkey PRIMARY KEY (power_code, version, fee_code)
);

CREATE TABLE catalogue.risk_point (
    power_code TEXT NOT NULL,
    version INTEGER NOT NULL,
    risk_code TEXT NOT NULL,
    step_code TEXT,
    name TEXT NOT NULL,
    kind TEXT,
    level TEXT,
    description TEXT,
    prevention TEXT,
    CONSTRAINT risk_point_pkey PRIMARY KEY (power_code, version, risk_code)
);

CREATE TABLE catalogue.discretion (
    power_code TEXT NOT NULL,
    version INTEGER NOT NULL,
    circumstance_code TEXT NOT NULL,
    description TEXT,
    penalty_kind TEXT,
    min_amount NUMERIC(16, 2),
    max_amount NUMERIC(16, 2),
    CONSTRAINT discretion_pkey PRIMARY KEY (power_code, version, circumstance_code)
);

CREATE TABLE catalogue.disclosure_item (
    item_code TEXT NOT NULL,
    version INTEGER NOT NULL,
    effective_from DATE NOT NULL,
    effective_to DATE,
    name TEXT NOT NULL,
    body_code TEXT NOT NULL,
    basis TEXT,
    fields_required TEXT,
    publish_within_value INTEGER,
    publish_within_unit TEXT,
    CONSTRAINT disclosure_item_pkey PRIMARY KEY (item_code, version)
);

CREATE TABLE catalogue.body (
    body_code TEXT NOT NULL,
    region_code TEXT NOT NULL,
    initials TEXT NOT NULL,
    name TEXT NOT NULL,
    nature TEXT,
    CONSTRAINT body_pkey PRIMARY KEY (body_code)
);

CREATE TABLE catalogue.release (
    version TEXT NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT release_pkey PRIMARY KEY (version)
);

CREATE TABLE reference.region (
    region_code TEXT NOT NULL,
    name TEXT NOT NULL,
    valid_from DATE,
    valid_to DATE,
    CONSTRAINT region_pkey PRIMARY KEY (region_code, name)
);

CREATE TABLE reference.calendar_day (
    date DATE NOT NULL,
    is_workday BOOLEAN NOT NULL,
    work_index INTEGER NOT NULL,
    status TEXT NOT NULL,
    source TEXT,
    CONSTRAINT calendar_day_pkey PRIMARY KEY (date)
);

CREATE TABLE reference.codelist (
    codelist TEXT NOT NULL,
    code TEXT NOT NULL,
    zh TEXT NOT NULL,
    en TEXT NOT NULL,
    CONSTRAINT codelist_pkey PRIMARY KEY (codelist, code)
);

CREATE TABLE reference.department (
    department TEXT NOT NULL,
    body_code TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    freshness TEXT,
    CONSTRAINT department_pkey PRIMARY KEY (department)
);

CREATE TABLE reference.release (
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT release_pkey PRIMARY KEY (name)
);

CREATE TABLE ops.batch (
    batch_id UUID NOT NULL,
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    raw_object TEXT NOT NULL,
    rows_read BIGINT NOT NULL,
    landed BIGINT,
    unchanged BIGINT,
    superseded BIGINT,
    quarantined BIGINT,
    versions JSONB NOT NULL,
    cursor_from JSONB,
    cursor_to JSONB,
    seconds JSONB NOT NULL,
    files JSONB NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    landed_at TIMESTAMP WITH TIME ZONE,
    ledger_no BIGINT,
    CONSTRAINT batch_pkey PRIMARY KEY (batch_id),
    CONSTRAINT batch_ledger_no_key UNIQUE (ledger_no)
);
CREATE INDEX batch_department_dataset_started_at_idx ON ops.batch (department, dataset, started_at);

CREATE TABLE ops.cursor (
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    position JSONB NOT NULL,
    batch_id UUID NOT NULL,
    moved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT cursor_pkey PRIMARY KEY (department, dataset)
);

CREATE TABLE ops.record (
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    record_key TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    record_hash TEXT NOT NULL,
    deleted BOOLEAN NOT NULL,
    batch_id UUID NOT NULL,
    raw_row BIGINT NOT NULL,
    case_id UUID,
    arrived_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT record_pkey PRIMARY KEY (department, dataset, record_key)
);
CREATE INDEX record_case_id_idx ON ops.record (case_id) WHERE case_id is not null;

CREATE TABLE ops.case_columns (
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    columns JSONB NOT NULL,
    CONSTRAINT case_columns_pkey PRIMARY KEY (department, dataset)
);

CREATE TABLE ops.quarantine (
    quarantine_id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    batch_id UUID NOT NULL,
    raw_object TEXT NOT NULL,
    raw_row BIGINT NOT NULL,
    source_file TEXT,
    source_row BIGINT,
    record_key TEXT,
    reason TEXT NOT NULL,
    "column" TEXT,
    message TEXT NOT NULL,
    raw_masked JSONB,
    versions JSONB NOT NULL,
    state TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    replay_batch UUID,
    CONSTRAINT quarantine_pkey PRIMARY KEY (quarantine_id)
);
CREATE INDEX quarantine_batch_id_idx ON ops.quarantine (batch_id);
CREATE INDEX quarantine_department_dataset_reason_idx ON ops.quarantine (department, dataset, reason) WHERE state = 'open';

CREATE TABLE ops.certificate (
    batch_id UUID NOT NULL,
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    rows_read BIGINT NOT NULL,
    landed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    superseded BIGINT NOT NULL,
    quarantined BIGINT NOT NULL,
    checksum_read TEXT NOT NULL,
    checksum_landed TEXT NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT certificate_pkey PRIMARY KEY (batch_id)
);

CREATE TABLE ops.unmapped_code (
    department TEXT NOT NULL,
    codelist TEXT NOT NULL,
    source_code TEXT NOT NULL,
    source_name TEXT,
    rows BIGINT NOT NULL,
    first_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT unmapped_code_pkey PRIMARY KEY (department, codelist, source_code)
);

CREATE TABLE ops.drift (
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    "column" TEXT NOT NULL,
    change TEXT NOT NULL,
    message TEXT NOT NULL,
    batch_id UUID NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE INDEX drift_department_dataset_seen_at_idx ON ops.drift (department, dataset, seen_at);

CREATE TABLE ops.run (
    run_id UUID NOT NULL,
    kind TEXT NOT NULL,
    department TEXT,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    state TEXT NOT NULL,
    summary JSONB,
    CONSTRAINT run_pkey PRIMARY KEY (run_id)
);

CREATE TABLE supervision.rule (
    rule_id TEXT NOT NULL,
    version TEXT NOT NULL,
    theme TEXT NOT NULL,
    level TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    basis TEXT,
    status TEXT NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT rule_pkey PRIMARY KEY (rule_id, version)
);

CREATE TABLE supervision.run (
    run_id UUID NOT NULL,
    kind TEXT NOT NULL,
    as_of TIMESTAMP WITH TIME ZONE NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    ledger_from BIGINT,
    ledger_to BIGINT,
    catalogue_version TEXT,
    calendar_version TEXT,
    rules_version TEXT,
    state TEXT NOT NULL,
    findings_hash TEXT,
    errors JSONB,
    CONSTRAINT run_pkey PRIMARY KEY (run_id)
);
CREATE INDEX run_started_at_idx ON supervision.run (started_at);

CREATE TABLE supervision.outcome (
    run_id UUID NOT NULL,
    rule_id TEXT NOT NULL,
    department TEXT NOT NULL,
    violations BIGINT NOT NULL,
    compliant BIGINT NOT NULL,
    not_evaluable BIGINT NOT NULL,
    reasons JSONB,
    seconds DOUBLE PRECISION,
    CONSTRAINT outcome_pkey PRIMARY KEY (run_id, rule_id, department)
);

CREATE TABLE supervision.finding (
    finding_id UUID NOT NULL,
    rule_id TEXT NOT NULL,
    rule_version TEXT NOT NULL,
    subject TEXT NOT NULL,
    case_id UUID,
    power_code TEXT,
    department TEXT NOT NULL,
    level TEXT NOT NULL,
    state TEXT NOT NULL,
    facts JSONB NOT NULL,
    limit_value NUMERIC,
    limit_unit TEXT,
    elapsed NUMERIC,
    due_on DATE,
    first_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    first_run UUID NOT NULL,
    last_run UUID NOT NULL,
    catalogue_version TEXT,
    calendar_version TEXT,
    evidence JSONB,
    CONSTRAINT finding_pkey PRIMARY KEY (finding_id)
);
CREATE INDEX finding_case_id_idx ON supervision.finding (case_id);
CREATE INDEX finding_department_state_level_idx ON supervision.finding (department, state, level);
CREATE INDEX finding_rule_id_subject_idx ON supervision.finding (rule_id, subject);

CREATE TABLE supervision.finding_event (
    event_no BIGINT GENERATED BY DEFAULT AS IDENTITY,
    finding_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    state_from TEXT,
    state_to TEXT NOT NULL,
    reason TEXT,
    previous_hash TEXT,
    hash TEXT NOT NULL,
    CONSTRAINT finding_event_pkey PRIMARY KEY (event_no)
);
CREATE INDEX finding_event_finding_id_event_no_idx ON supervision.finding_event (finding_id, event_no);
