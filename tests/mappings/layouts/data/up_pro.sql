-- The national tables up_pro_*, with the columns that are documented for them and the flag is_sync.
create table up_pro_accept (
    id bigint primary key, row_guid varchar(50) not null, project_no varchar(50) not null,
    project_type varchar(2) not null, project_name varchar(1000), catalog_code varchar(12) not null,
    local_catalog_code varchar(50), task_code varchar(36) not null, local_task_code varchar(50),
    task_handle_item varchar(50), task_name varchar(1000) not null, task_version int not null,
    applyer_name varchar(100) not null, applyer_type varchar(2) not null, applyer_page_type varchar(70) not null,
    applyer_page_code varchar(500) not null, contact_name varchar(100), contact_type varchar(6),
    contact_code varchar(50), contact_mobile varchar(11), legal varchar(100), address varchar(1000), zip_code varchar(6),
    apply_date timestamp(0) not null, apply_type varchar(2) not null, accept_date timestamp(0) not null,
    accept_doc_no varchar(50), promise_date timestamp(0), org_code varchar(64) not null, org_name varchar(100) not null,
    handle_user_name varchar(100), data_source varchar(3) not null, cd_batch varchar(32) not null,
    cd_operation varchar(2) not null, cd_time timestamp(0) not null, is_sync int not null default 0);
create table up_pro_process (
    id bigint primary key, row_guid varchar(50) not null, project_no varchar(50) not null,
    event_name varchar(2) not null, process_name varchar(1000) not null, event_start_time timestamp(0) not null,
    event_end_time timestamp(0) not null, handle_user_name varchar(100) not null, handle_explain varchar(2000) not null,
    remark varchar(256), data_source varchar(3) not null, cd_batch varchar(32) not null,
    cd_operation varchar(2) not null, cd_time timestamp(0) not null, is_sync int not null default 0);
create table up_pro_result (
    id bigint primary key, row_guid varchar(50) not null, project_no varchar(50) not null,
    result_type varchar(2) not null, result_date timestamp(0) not null, result_cetr_name varchar(256),
    result_cetr_no varchar(2000), result_explain varchar(2000), satisfaction varchar(2),
    is_delivery_results varchar(2) not null, handle_user_name varchar(100), remark varchar(256),
    data_source varchar(3) not null, cd_batch varchar(32) not null, cd_operation varchar(2) not null,
    cd_time timestamp(0) not null, is_sync int not null default 0);
create table up_pro_special_procedure (
    id bigint primary key, row_guid varchar(50) not null, project_no varchar(50) not null,
    special_type varchar(2) not null, special_name varchar(1000) not null, special_time timestamp(0) not null,
    end_time timestamp(0) not null, special_reason varchar(2000) not null, special_explain varchar(2000),
    result varchar(2000), applyer_user_name varchar(100), handle_user varchar(100), remark varchar(256),
    data_source varchar(3) not null, cd_batch varchar(32) not null, cd_operation varchar(2) not null,
    cd_time timestamp(0) not null, is_sync int not null default 0);
create table up_pro_material (
    id bigint primary key, row_guid varchar(50) not null, project_no varchar(50) not null,
    material_name varchar(200) not null, get_type varchar(2) not null, get_num varchar(5),
    material_attach_name varchar(200), remark varchar(1000), data_source varchar(3) not null,
    cd_batch varchar(32) not null, cd_operation varchar(2) not null, cd_time timestamp(0) not null,
    is_sync int not null default 0);
