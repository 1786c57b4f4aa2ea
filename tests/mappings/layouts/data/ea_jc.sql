-- PRE_* and EA_JC_*, with the columns that are documented for them. Names are not quoted: this database keeps them in
-- small letters, where the layout has capitals.
create table PRE_APASINFO (
    PROJID varchar(50) not null, PROJPWD varchar(20), ITEMNO varchar(50) not null, ITEMVERSION int,
    ITEMNAME varchar(200) not null, PROJECTNAME varchar(500) not null, PROJECTSTATE varchar(2), INFOTYPE varchar(2),
    ACCEPTLIST varchar(2000), APPLYNAME varchar(200) not null, APPLY_CARDTYPE varchar(10), APPLY_CARDTYPENUMBER varchar(50),
    CONTACTMAN varchar(100), CONTACTMAN_CARDTYPE varchar(10), CONTACTMAN_CARDNUMBER varchar(50), TELPHONE varchar(50),
    POSTCODE varchar(10), ADDRESS varchar(200), LEGALMAN varchar(50), DEPTID varchar(50), DEPTNAME varchar(200),
    RECEIVE_USEID varchar(50), RECEIVE_NAME varchar(50), APPLYFROM varchar(10), RECEIVETIME timestamp(0) not null,
    APPROVE_TYPE varchar(10), REGION_ID varchar(12), DATASTATE varchar(1), CREATE_TIME varchar(20),
    DATAVER int not null default 1, MAKETIME timestamp(0), SIGNSTATE varchar(1) not null default '0', CD_OPERATION char(2),
    EXT1 varchar(50), EXT2 varchar(50), EXT3 varchar(50), EXT4 varchar(50), primary key (PROJID, DATAVER));
create table EA_JC_STEP_BASICINFO (
    ORGBUSNO varchar(50) not null, PROJID varchar(50) not null, PROJPWD varchar(20), DATAVER int not null default 1,
    REGION_ID varchar(12), STDVER int, ITEMNO varchar(50) not null, SUBITEMNO varchar(50), ITEMNAME varchar(200) not null,
    SUBITEMNAME varchar(200), PROJECTNAME varchar(500) not null, APPLICANT varchar(200) not null,
    APPLICANTMOBILE varchar(50), APPLICANTTEL varchar(50), APPLICANTEMAIL varchar(50), ACCEPTLIST varchar(2000),
    ACCEPTDEPTID varchar(50), ACCEPTDEPTNAME varchar(200), APPROVALTYPE varchar(2) not null, PROMISETIMELIMIT int,
    PROMISETIMEUNIT varchar(2), TIMELIMIT int, TIMEUNIT varchar(2), SUBMIT varchar(2), OCCURTIME timestamp(0) not null,
    TRANSACTOR varchar(50), MAKETIME timestamp(0), SIGNSTATE varchar(1) not null default '0', CD_OPERATION char(2),
    EXT1 varchar(50), EXT2 varchar(50), EXT3 varchar(50), EXT4 varchar(50), primary key (ORGBUSNO, PROJID, DATAVER));
create table EA_JC_STEP_PROC (
    ORGBUSNO varchar(50) not null, PROJID varchar(50) not null, DATAVER int not null default 1, STDVER int,
    SN int not null, NODENAME varchar(100) not null, NODECODE varchar(50), NODETYPE varchar(2) not null,
    NODEPROCER varchar(50), NODEPROCERNAME varchar(50), NODEPROCERAREA varchar(12), REGION_ID varchar(12),
    PROCUNIT varchar(50), PROCUNITNAME varchar(200), NODESTATE varchar(2), NODESTARTTIME timestamp(0) not null,
    NODEENDTIME timestamp(0) not null, NODEADV varchar(2000), TIMELIMIT int, PROMISETIMEUNIT varchar(2),
    NODERESULT varchar(2), OCCURTIME timestamp(0), MAKETIME timestamp(0), SIGNSTATE varchar(1) not null default '0',
    CD_OPERATION char(2), NOTICE varchar(2000), EXT1 varchar(50), EXT2 varchar(50), EXT3 varchar(50), EXT4 varchar(50),
    primary key (ORGBUSNO, PROJID, DATAVER, SN));
create table EA_JC_STEP_SPECIALNODE (
    ORGBUSNO varchar(50) not null, PROJID varchar(50) not null, REGION_ID varchar(12), STDVER int,
    DATAVER int not null default 1, SN int not null, NODENAME varchar(100) not null, PROCUNITNAME varchar(200),
    PROCUNITID varchar(50), PROCERID varchar(50), PROCERNAME varchar(50), PROCERREMARK varchar(200),
    NODESTARTTIME timestamp(0) not null, NODEENDTIME timestamp(0) not null, NOTETIME timestamp(0),
    NODEPROCADV varchar(2000), NODEPROCADDR varchar(200), NODEPROCACCORD varchar(2000), LISTS varchar(2000),
    NODERESULT varchar(2) not null, NODETIME timestamp(0), MAKETIME timestamp(0),
    SIGNSTATE varchar(1) not null default '0', CD_OPERATION char(2), EXT1 varchar(50), EXT2 varchar(50),
    EXT3 varchar(50), EXT4 varchar(50), primary key (ORGBUSNO, PROJID, DATAVER, SN));
create table EA_JC_STEP_DONE (
    ORGBUSNO varchar(50) not null, PROJID varchar(50) not null, STDVER int, REGION_ID varchar(12),
    DATAVER int not null default 1, DONERESULT varchar(2) not null, EXITRES varchar(2000), CERTIFICATENAM varchar(200),
    CERTIFICATENO varchar(100), CERTIFICATELIMIT varchar(50), PUBLISHER varchar(200), ISFEE varchar(1), FEE int,
    FEESTANDARD varchar(200), FEESTANDACCORD varchar(2000), PAYPERSONNAME varchar(50), PAYPERIDCARD varchar(50),
    PAYERMOBILE varchar(50), PAYERTEL varchar(50), OCCURTIME timestamp(0) not null, TRANSACTOR varchar(50),
    MAKETIME timestamp(0), SIGNSTATE varchar(1) not null default '0', CD_OPERATION char(2), EXT1 varchar(50),
    EXT2 varchar(50), EXT3 varchar(50), EXT4 varchar(50), primary key (ORGBUSNO, PROJID, DATAVER));
create table PRE_FILE (
    UNID varchar(50) not null, PROJID varchar(50) not null, ATTRNAME varchar(200) not null, DEPTID varchar(50),
    ATTRID varchar(50) not null, SORTID varchar(10), TAKETYPE varchar(20), ISTAKE varchar(1) not null, AMOUNT varchar(10),
    TAKETIME varchar(20), FILENAME varchar(200), ENTITY text, ENTITYPATH varchar(500), MEMO varchar(500),
    CREATE_TIME varchar(20), DATAVER int not null default 1, MAKETIME timestamp(0),
    SIGNSTATE varchar(1) not null default '0', CD_OPERATION char(2), EXT1 varchar(50), EXT2 varchar(50),
    EXT3 varchar(50), EXT4 varchar(50), primary key (UNID, DATAVER));
create table EA_JC_FEEINFO (
    ORGBUSNO varchar(50) not null, PROJID varchar(50) not null, STDVER int, DATAVER int not null default 1,
    REGION_ID varchar(12), SN varchar(10) not null, FEEORGID varchar(50), FEEORGNAME varchar(200), BILLNUM varchar(50),
    PAYPERSON varchar(50), FEETYPENAME varchar(200), FEESTAND varchar(200), FEEAMOUNT varchar(50), FEENUM varchar(20),
    FEESTANDAMOUNT numeric(16,2), FEEDERATE numeric(16,2), FEETOTAL numeric(16,2) not null, REDUCEREASON varchar(200),
    AUDIPERSON varchar(50), PAYTIME timestamp(0), STATE varchar(2), MAKETIME timestamp(0),
    SIGNSTATE varchar(1) not null default '0', CD_OPERATION char(2), EXT1 varchar(50), EXT2 varchar(50),
    EXT3 varchar(50), EXT4 varchar(50), primary key (ORGBUSNO, PROJID, DATAVER, SN));
