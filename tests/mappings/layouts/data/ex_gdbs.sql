-- EX_GDBS_*, with the columns that are documented for them, each with its key as primary key.
create table "EX_GDBS_SB" (
    "SBLSH" varchar(50), "SXBM" varchar(50), "SXMC" varchar(200), "FSXBM" varchar(50), "FSXMC" varchar(200),
    "SQRLX" varchar(2), "SQRMC" varchar(200), "SQRZJLX" varchar(10), "SQRZJHM" varchar(50), "LXRXM" varchar(100),
    "LXRZJLX" varchar(10), "LXRSFZJHM" varchar(50), "LXRSJ" varchar(50), "LXRYX" varchar(100), "SBXMMC" varchar(500),
    "SBCLQD" varchar(2000), "TJFS" varchar(2), "SBHZH" varchar(50), "SBSJ" timestamp(0), "SBJTWD" varchar(200),
    "XZQHDM" varchar(12), "YSBLSH" varchar(50), "SJBBH" numeric(4) default 1, "SQRDH" varchar(50), "XMHGCBH" varchar(50),
    "LXWH" varchar(50), "BZ" varchar(500), "BYZDA" varchar(50), "BYZDB" varchar(50), "BYZDC" varchar(50), "BYZDD" date,
    "JSBS" char(1) not null default '0', primary key ("SBLSH", "SJBBH"));
create table "EX_GDBS_SL" (
    "SBLSH" varchar(50), "SXBM" varchar(50), "YWLSH" varchar(50), "SLBMMC" varchar(200), "SLBMZZJDDM" varchar(20),
    "XZQHDM" varchar(12), "BLRXM" varchar(50), "BLRGH" varchar(20), "SLZTDM" varchar(2), "BSLYY" varchar(2000),
    "SLHZH" varchar(50), "SLSJ" timestamp(0), "GXDXZQHDM" varchar(12), "CXMM" varchar(20), "SJBBH" numeric(4) default 1,
    "SPSXMC" varchar(200), "GDBLSX" int, "GDBLSXDDW" varchar(2), "GDSF" varchar(20), "XMMC" varchar(200),
    "SQDWHSQRXM" varchar(200), "SQDWJBRXM" varchar(50), "SQDWLXDH" varchar(50), "SQDWJBRSJ" varchar(50),
    "SQDWJBRYJ" varchar(50), "SLJTDD" varchar(200), "SLZLQD" varchar(2000), "TJFS" varchar(2), "PDH" varchar(20),
    "XMHGCBH" varchar(50), "LXWH" varchar(50), "BZ" varchar(500), "BYZDA" varchar(50), "BYZDB" varchar(50),
    "BYZDC" varchar(50), "BYZDD" date, "JSBS" char(1) not null default '0', primary key ("SBLSH", "SJBBH"));
create table "EX_GDBS_SPCL" (
    "SBLSH" varchar(50), "SXBM" varchar(50), "SPHJDM" varchar(2), "SPHJMC" varchar(50), "SPBMMC" varchar(200),
    "SPBMZZJDMD" varchar(20), "XZQHDM" varchar(12), "SPRXM" varchar(50), "SPRZWDM" varchar(20), "SPRZWMC" varchar(50),
    "SPYJ" varchar(2000), "SPSJ" timestamp(0), "SPHJZTDM" varchar(2), "SJBBH" numeric(4) default 1, "YWLSH" varchar(50),
    "SPBZH" int, "PDH" varchar(20), "BZ" varchar(500), "BYZDA" varchar(50), "BYZDB" varchar(50), "BYZDC" varchar(50),
    "BYZDD" date, "JSBS" char(1) not null default '0', primary key ("SBLSH", "SPBZH", "SJBBH"));
create table "EX_GDBS_BJ" (
    "SBLSH" varchar(50), "SXBM" varchar(50), "BJBMMC" varchar(200), "BJBMZZJDDM" varchar(20), "XZQHDM" varchar(12),
    "BJJGDM" varchar(2), "BJJGMS" varchar(2000), "ZFHTHYY" varchar(2000), "ZJGZMC" varchar(200), "ZJBH" varchar(100),
    "ZJYXQX" varchar(50), "FZGZDW" varchar(200), "SFJE" numeric(16,2), "JEDWDM" varchar(10), "BJSJ" timestamp(0),
    "SJBBH" numeric(4) default 1, "YWLSH" varchar(50), "PDH" varchar(20), "LXWH" varchar(50), "BZ" varchar(500),
    "BYZDA" varchar(50), "BYZDB" varchar(50), "BYZDC" varchar(50), "BYZDD" date, "JSBS" char(1) not null default '0',
    primary key ("SBLSH", "SJBBH"));
create table "EX_GDBS_TBCXSQ" (
    "SBLSH" varchar(50), "SXBM" varchar(50), "XH" varchar(10), "TBCXZL" varchar(2), "TBCXKSRQ" timestamp(0),
    "TBCXPZR" varchar(50), "TBCXQDLY" varchar(2000), "SQNR" varchar(2000), "TBCXSX" int, "TBCXSXDW" varchar(2),
    "XZQHDM" varchar(12), "SJBBH" numeric(4) default 1, "YWLSH" varchar(50), "TBCXZLMC" varchar(50),
    "TBCXPZRDH" varchar(50), "TBCXPZRSJ" varchar(50), "PDH" varchar(20), "BZ" varchar(500), "BYZDA" varchar(50),
    "BYZDB" varchar(50), "BYZDC" varchar(50), "BYZDD" date, "JSBS" char(1) not null default '0',
    primary key ("SBLSH", "XH", "SJBBH"));
create table "EX_GDBS_TBCXJG" (
    "SBLSH" varchar(50), "SXBM" varchar(50), "XH" varchar(10), "TBCXJG" varchar(2000), "JGCSRQ" timestamp(0),
    "TBCXJSRQ" timestamp(0), "TBCXSFJE" varchar(20), "JEDWDM" varchar(10), "XZQHDM" varchar(12),
    "SJBBH" numeric(4) default 1, "YWLSH" varchar(50), "PDH" varchar(20), "BZ" varchar(500), "BYZDA" varchar(50),
    "BYZDB" varchar(50), "BYZDC" varchar(50), "BYZDD" date, "JSBS" char(1) not null default '0',
    primary key ("SBLSH", "XH", "SJBBH"));
create table "EX_GDBS_BZGZ" (
    "SBLSH" varchar(50), "SXBM" varchar(50), "BZGZFCRXM" varchar(50), "BZGZYY" varchar(2000), "BZCLQD" varchar(2000),
    "BZGZSJ" timestamp(0), "XZQHDM" varchar(12), "SJBBH" numeric(4) default 1, "YWLSH" varchar(50), "PDH" varchar(20),
    "BZ" varchar(500), "BYZDA" varchar(50), "BYZDB" varchar(50), "BYZDC" varchar(50), "BYZDD" date,
    "JSBS" char(1) not null default '0', primary key ("SBLSH", "SJBBH"));
create table "EX_GDBS_BZSL" (
    "SBLSH" varchar(50), "SXBM" varchar(50), "BZSLBLRXM" varchar(50), "BZCLQD" varchar(2000), "BZSJ" timestamp(0),
    "XZQHDM" varchar(12), "BZSLJTDD" varchar(200), "SJBBH" numeric(4) default 1, "YWLSH" varchar(50), "PDH" varchar(20),
    "BZ" varchar(500), "BYZDA" varchar(50), "BYZDB" varchar(50), "BYZDC" varchar(50), "BYZDD" date,
    "JSBS" char(1) not null default '0', primary key ("SBLSH", "SJBBH"));
create table "EX_GDBS_LQDJ" (
    "SBLSH" varchar(50), "SXBM" varchar(50), "LQRXM" varchar(50), "LQRZJLX" varchar(10), "LQRSFZJHM" varchar(50),
    "LQFS" varchar(2), "LQSJ" timestamp(0), "XZQHDM" varchar(12), "SJBBH" numeric(4) default 1, "BZ" varchar(500),
    "BYZDA" varchar(50), "BYZDB" varchar(50), "BYZDC" varchar(50), "BYZDD" date, "JSBS" char(1) not null default '0',
    primary key ("SBLSH", "SJBBH"));
create table "EX_GDBS_SBCL" (
    "SEQ" varchar(50), "SBLSH" varchar(50), "WJLX" varchar(2), "CLLX" varchar(2), "CLSL" varchar(10),
    "ATTACH_NAME" varchar(200), "ATTACH_ID" varchar(50), "STUFF_SEQ" varchar(50), "CLMC" varchar(200),
    "SLBMZZJDDM" varchar(20), "XZQHDM" varchar(12), "SJBBH" numeric(4) default 1, "JSBS" char(1) not null default '0',
    primary key ("SEQ", "SJBBH"));
