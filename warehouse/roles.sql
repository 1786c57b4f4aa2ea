-- Roles are shared by all databases of a server. They cannot log in: an administrator grants them to people's accounts.
-- No role of ours reads schema restricted.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['hub_supervision', 'hub_dashboard'] loop
        begin
            execute format('create role %I nologin', wanted);
        exception when duplicate_object or unique_violation then
            null; -- there already, or another database's migration was faster
        end;
    end loop;
end
$$;

revoke all on schema restricted from public;
revoke all on all tables in schema restricted from public;

-- Supervision reads what departments reported and writes its own schema.
grant usage on schema core, history, catalogue, reference, ops, supervision, mart to hub_supervision;
grant select on all tables in schema core, history, catalogue, reference, ops, mart to hub_supervision;
grant select, insert, update on all tables in schema supervision to hub_supervision;
revoke update on supervision.finding_event, supervision.chain_head, supervision.notice, supervision.notice_finding
    from hub_supervision;

-- Dashboards read the marts.
grant usage on schema mart to hub_dashboard;
grant select on all tables in schema mart to hub_dashboard;
