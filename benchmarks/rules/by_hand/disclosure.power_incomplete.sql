-- Powers that the directory leaves incomplete.
select p.power_code
from catalogue.power p
where date '2013-12-31' between p.effective_from and coalesce(p.effective_to, 'infinity')
    and p.body_code in (select body_code from reference.department)
    and (
        coalesce(trim(p.content), '') = '' or coalesce(trim(p.basis), '') = '' or coalesce(trim(p.conditions), '') = ''
        or p.statutory_value is null or p.promised_value is null or coalesce(trim(p.supervision_channel), '') = ''
        or (p.on_platform and not exists (
            select from catalogue.step k where k.power_code = p.power_code and k.version = p.version))
    )
