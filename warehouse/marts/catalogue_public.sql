-- One row per version of a power, as the public directory shows it; `is_in_force` for the version of today.
create or replace view mart.catalogue_public as
select
    p.power_code, p.version, p.effective_from, p.effective_to,
    (now() at time zone 'Asia/Shanghai')::date between p.effective_from and coalesce(p.effective_to, 'infinity')
        as is_in_force,
    p.name, p.content, p.type, p.body_code, body.name as body_name, p.level, p.service_object, p.basis,
    p.conditions, p.statutory_value, p.statutory_unit, p.promised_value, p.promised_unit, p.case_kind, p.charges,
    p.supervision_channel, p.on_platform,
    coalesce(s.steps, 0) as steps, s.way, coalesce(m.materials, 0) as materials, coalesce(f.fees, 0) as fees
from catalogue.power p
left join catalogue.body on body.body_code = p.body_code
left join lateral (
    select count(*) as steps, string_agg(name, ' → ' order by step_order) as way
    from catalogue.step k where k.power_code = p.power_code and k.version = p.version
) s on true
left join lateral (
    select count(*) as materials from catalogue.material k
    where k.power_code = p.power_code and k.version = p.version
) m on true
left join lateral (
    select count(*) as fees from catalogue.fee k where k.power_code = p.power_code and k.version = p.version
) f on true;

comment on view mart.catalogue_public is '职权目录（公开） / the catalogue as the public directory shows it';
comment on column mart.catalogue_public.power_code is '统一编码 / unified power code';
comment on column mart.catalogue_public.version is '版本 / version';
comment on column mart.catalogue_public.effective_from is '生效日期 / first day in force';
comment on column mart.catalogue_public.effective_to is '失效日期 / last day in force; empty while it lasts';
comment on column mart.catalogue_public.is_in_force is '现行有效 / in force today';
comment on column mart.catalogue_public.name is '名称 / name';
comment on column mart.catalogue_public.content is '内容 / content';
comment on column mart.catalogue_public.type is '类型 / type, in the letters of the code scheme';
comment on column mart.catalogue_public.body_code is '办理主体编码 / code of the body';
comment on column mart.catalogue_public.body_name is '办理主体 / body';
comment on column mart.catalogue_public.level is '行使层级 / level of exercise';
comment on column mart.catalogue_public.service_object is '服务对象 / whom it serves';
comment on column mart.catalogue_public.basis is '依据 / legal basis, one article per line';
comment on column mart.catalogue_public.conditions is '条件 / conditions';
comment on column mart.catalogue_public.statutory_value is '法定时限 / statutory limit';
comment on column mart.catalogue_public.statutory_unit is '法定时限单位 / its unit';
comment on column mart.catalogue_public.promised_value is '承诺时限 / promised limit';
comment on column mart.catalogue_public.promised_unit is '承诺时限单位 / its unit';
comment on column mart.catalogue_public.case_kind is '办件类型 / kind of case';
comment on column mart.catalogue_public.charges is '是否收费 / whether it is charged for';
comment on column mart.catalogue_public.supervision_channel is '监督渠道 / where to complain';
comment on column mart.catalogue_public.on_platform is '是否在平台办理 / whether it is handled on the platform';
comment on column mart.catalogue_public.steps is '环节数 / number of steps';
comment on column mart.catalogue_public.way is '环节 / the steps in order';
comment on column mart.catalogue_public.materials is '材料数 / number of materials';
comment on column mart.catalogue_public.fees is '收费项目数 / number of charges';
