create table ops.shape (
    department text not null,
    dataset text not null,
    columns jsonb not null,
    batch_id uuid not null,
    seen_at timestamptz not null,
    primary key (department, dataset)
);

create table ops.pause (
    department text not null,
    reason text not null,
    actor text not null,
    since timestamptz not null,
    primary key (department)
);
