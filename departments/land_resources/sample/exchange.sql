-- Two invented cases and one publication, as the bureau's program leaves them: a procedure told twice (SJBBH 1
-- when it begins, 2 when it ends), a closing corrected. Load it into an empty PostgreSQL database.

create table "EX_GDBS_SB" (
    "SN" bigserial primary key,
    "SBLSH" varchar(32),
    "XZQHDM" varchar(12),
    "SXBM" varchar(64),
    "SXMC" varchar(200),
    "AJMC" varchar(1000),
    "SQRLX" varchar(8),
    "SQRMC" varchar(200),
    "SQRZJHM" varchar(64),
    "LXDH" varchar(64),
    "SBFS" varchar(8),
    "BJLX" varchar(8),
    "SQSJ" timestamp(0),
    "AJZT" varchar(8),
    "BLDW" varchar(100),
    "SBSJ" timestamp(0),
    "SJBBH" integer,
    "CZSJ" timestamp(0),
    "SCBS" char(1),
    "JSBS" char(1)
);

insert into "EX_GDBS_SB" values
    (1, 'GT-2012-000042', '360121', '36012100GT-QR-0001', '国有建设用地使用权登记', '蒋巷镇样例村国有建设用地使用权登记', '2', '南昌县示例六建筑专业合作社', 'T94286927', '13900000264', '0', '2', '2012-03-16 11:23:59', '09', '南昌县国土资源局行政审批科', '2012-04-25 19:12:40', 1, '2012-12-31 17:00:00', '0', '0'),
    (2, 'GT-2012-000050', '360121', '36012100GT-XK-0001', '建设项目用地预审', '泾口乡示例社区建设项目用地预审', '5', '南昌县演示未建设指挥部', '998117770', '13900009651', '0', '2', '2012-03-29 10:21:51', '09', '南昌县国土资源局行政审批科', '2012-04-25 19:12:40', 1, '2012-12-31 17:00:00', '0', '0');

create table "EX_GDBS_SL" (
    "SN" bigserial primary key,
    "SBLSH" varchar(32),
    "SLSJ" timestamp(0),
    "CNSJ" timestamp(0),
    "SLRXM" varchar(64),
    "SJBBH" integer,
    "CZSJ" timestamp(0),
    "SCBS" char(1),
    "JSBS" char(1)
);

insert into "EX_GDBS_SL" values
    (1, 'GT-2012-000042', '2012-03-16 11:34:26', '2012-03-31 17:30:00', '范经丑', 1, '2012-12-31 17:00:00', '0', '0'),
    (2, 'GT-2012-000050', '2012-04-09 11:08:23', '2012-04-25 17:30:00', '范经丑', 1, '2012-12-31 17:00:00', '0', '0');

create table "EX_GDBS_SPCL" (
    "SN" bigserial primary key,
    "SBLSH" varchar(32),
    "SPBZH" integer,
    "SPHJDM" varchar(8),
    "SPHJMC" varchar(64),
    "YWDZ" varchar(8),
    "SPRXM" varchar(64),
    "SPRZW" varchar(64),
    "KSSJ" timestamp(0),
    "JSSJ" timestamp(0),
    "SPYJ" varchar(1000),
    "SJBBH" integer,
    "CZSJ" timestamp(0),
    "SCBS" char(1),
    "JSBS" char(1)
);

insert into "EX_GDBS_SPCL" values
    (1, 'GT-2012-000042', 1, 'SL', '受理', '0', '范经丑', '受理岗', '2012-03-16 11:30:26', '2012-03-16 11:34:26', '申请事项属于本机关职权范围，同意受理', 1, '2012-12-31 17:00:00', '0', '0'),
    (2, 'GT-2012-000042', 2, 'SC', '审查', '1', '石员五', '审查岗', '2012-03-16 11:49:09', '2012-03-20 09:40:32', '材料真实有效，拟同意', 1, '2012-12-31 17:00:00', '0', '0'),
    (3, 'GT-2012-000042', 3, 'KC', '现场勘查', '1', '侯员七', '勘查岗', '2012-03-20 10:00:36', '2012-03-23 11:25:18', '已到现场勘查，四至清楚，无争议', 1, '2012-12-31 17:00:00', '0', '0'),
    (4, 'GT-2012-000042', 4, 'GS', '公告', '1', '闫职午', '审查岗', '2012-03-23 11:37:17', '2012-04-06 15:33:42', '已在村务公开栏公示，未收到反映', 1, '2012-12-31 17:00:00', '0', '0'),
    (5, 'GT-2012-000042', 5, 'SH', '审核', '1', '石员五', '审核岗（股室负责人）', '2012-04-06 15:39:11', '2012-04-06 15:46:14', '审核同意，呈报审批', 1, '2012-12-31 17:00:00', '0', '0'),
    (6, 'GT-2012-000042', 6, 'JD', '决定', '1', '吕科一', '审批岗（分管副局长）', '2012-04-06 15:54:41', '2012-04-06 16:01:11', '同意', 1, '2012-12-31 17:00:00', '0', '0'),
    (7, 'GT-2012-000042', 7, 'ZZ', '制证', '9', '周经九', '制证岗', '2012-04-06 16:19:18', '2012-04-06 17:19:09', '证件已制作', 1, '2012-12-31 17:00:00', '0', '0'),
    (8, 'GT-2012-000050', 1, 'SL', '受理', '0', '范经丑', '受理岗', '2012-04-09 11:04:23', '2012-04-09 11:08:23', '材料齐全，符合法定形式，予以受理', 1, '2012-12-31 17:00:00', '0', '0'),
    (9, 'GT-2012-000050', 2, 'SC', '审查', '1', '于员五', '审查岗', '2012-04-09 11:22:59', '2012-04-09 11:59:52', '经审查，符合规定条件，请领导审核', 1, '2012-12-31 17:00:00', '0', '0'),
    (10, 'GT-2012-000050', 3, 'SH', '审核', '1', '毛员午', '审核岗（股室负责人）', '2012-04-09 14:04:39', '2012-04-09 14:58:34', '审核同意，呈报审批', 1, '2012-12-31 17:00:00', '0', '0'),
    (11, 'GT-2012-000050', 4, 'JD', '决定', '1', '萧职辛', '审批岗（分管副局长）', '2012-04-09 15:15:09', '2012-04-09 15:55:50', '准予办理', 1, '2012-12-31 17:00:00', '0', '0'),
    (12, 'GT-2012-000050', 5, 'ZZ', '制证', '9', '周经九', '制证岗', '2012-04-09 16:21:29', '2012-04-09 17:18:59', '制证完成', 1, '2012-12-31 17:00:00', '0', '0'),
    (13, 'GT-2012-000050', 6, 'SD', '送达', '9', '孙职三', '受理岗', '2012-04-10 08:35:17', '2012-04-10 09:48:25', '委托他人代领，已核对委托书', 1, '2012-12-31 17:00:00', '0', '0');

create table "EX_GDBS_BZ" (
    "SN" bigserial primary key,
    "SBLSH" varchar(32),
    "XH" integer,
    "BZGZSJ" timestamp(0),
    "BZCLQD" varchar(1000),
    "BZSLSJ" timestamp(0),
    "SJBBH" integer,
    "CZSJ" timestamp(0),
    "SCBS" char(1),
    "JSBS" char(1)
);

insert into "EX_GDBS_BZ" values
    (1, 'GT-2012-000050', 1, '2012-03-30 11:22:10', '身份证复印件未签名', null, 1, '2012-12-31 17:00:00', '0', '0'),
    (2, 'GT-2012-000050', 1, '2012-03-30 11:22:10', '身份证复印件未签名', '2012-04-09 11:03:23', 2, '2012-12-31 17:00:00', '0', '0');

create table "EX_GDBS_TBCX" (
    "SN" bigserial primary key,
    "SBLSH" varchar(32),
    "XH" integer,
    "TBCXZL" varchar(8),
    "TBCXKSRQ" timestamp(0),
    "TBCXQDLY" varchar(1000),
    "TBCXPZR" varchar(64),
    "TBCXSX" integer,
    "TBCXSXDW" varchar(8),
    "TBCXJSRQ" timestamp(0),
    "SJBBH" integer,
    "CZSJ" timestamp(0),
    "SCBS" char(1),
    "JSBS" char(1)
);

insert into "EX_GDBS_TBCX" values
    (1, 'GT-2012-000042', 1, 'F', '2012-03-23 11:37:17', '张榜公示，听取群众意见', '李经三', 10, '1', null, 1, '2012-12-31 17:00:00', '0', '0'),
    (2, 'GT-2012-000042', 1, 'F', '2012-03-23 11:37:17', '张榜公示，听取群众意见', '李经三', 10, '1', '2012-04-06 15:33:42', 2, '2012-12-31 17:00:00', '0', '0');

create table "EX_GDBS_BJ" (
    "SN" bigserial primary key,
    "SBLSH" varchar(32),
    "JDSJ" timestamp(0),
    "BJSJ" timestamp(0),
    "LQSJ" timestamp(0),
    "BJJGDM" varchar(8),
    "BJJGMS" varchar(1000),
    "ZJBH" varchar(100),
    "SPRXM" varchar(64),
    "SJBBH" integer,
    "CZSJ" timestamp(0),
    "SCBS" char(1),
    "JSBS" char(1)
);

insert into "EX_GDBS_BJ" values
    (1, 'GT-2012-000042', '2012-04-06 16:01:11', '2012-04-06 17:19:09', null, '0', '', '南国土〔2012〕000042号', '吕科一', 1, '2012-12-31 17:00:00', '0', '0'),
    (2, 'GT-2012-000050', '2012-04-09 15:55:50', '2012-04-09 17:18:59', '2012-04-10 09:48:25', '0', '', '南国土〔2012〕000050号', '萧职辛', 1, '2012-12-31 17:00:00', '0', '0');

create table "EX_GDBS_SF" (
    "SN" bigserial primary key,
    "SBLSH" varchar(32),
    "XH" integer,
    "SFXMDM" varchar(8),
    "SFJE" varchar(64),
    "SFSL" numeric(12,2),
    "JFSJ" timestamp(0),
    "PJH" varchar(64),
    "SJBBH" integer,
    "CZSJ" timestamp(0),
    "SCBS" char(1),
    "JSBS" char(1)
);

insert into "EX_GDBS_SF" values
    (1, 'GT-2012-000042', 1, 'F1', '1359.00', '1.00', '2012-04-06 16:02:11', '赣财GT-000042-1', 1, '2012-12-31 17:00:00', '0', '0');

create table "EX_GDBS_XXGK" (
    "SN" bigserial primary key,
    "GKLSH" varchar(32),
    "GKSXBM" varchar(64),
    "BT" varchar(1000),
    "CSRQ" varchar(64),
    "GKRQ" varchar(64),
    "WZ" varchar(200),
    "GKYS" varchar(1000),
    "SJBBH" integer,
    "CZSJ" timestamp(0),
    "SCBS" char(1),
    "JSBS" char(1)
);

insert into "EX_GDBS_XXGK" values
    (1, 'GTGK12-00001', '36012100GT-GK-0002', '南新乡样例村国有建设用地使用权出让结果（2012年第1号）', '2012/1/13 16:27:21', '2012/1/13 16:27:21', 'http://xxgk.example.cn/gt/2012-01/1.html', '宗地位置和面积、用途和使用年限、出让方式、受让人、成交价款、成交时间', 1, '2012-12-31 17:00:00', '0', '0');
