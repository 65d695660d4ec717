-- Every type that a column may have, in one row and in arrays.
CREATE TABLE scalar (
    a boolean, b "char", c smallint, d integer, e bigint, f real, g double precision, h numeric, i numeric(5), j numeric(7,3),
    k money, l oid, m regclass, n regproc, o regtype, p regrole, q regnamespace, r regconfig, s regdictionary, t regoperator,
    u xid, v xid8, w cid, x tid, y pg_lsn, z name,
    aa date, ab time, ac time(2), ad time with time zone, ae timetz(1), af timestamp, ag timestamp(0), ah timestamptz, ai timestamptz(4),
    aj interval, ak interval(3), al uuid, am macaddr, an macaddr8, ao inet, ap cidr,
    aq text, ar varchar, "as" varchar(300), at char, au char(40), av bpchar, aw bytea, ax bit, ay bit(20), az bit varying, ba bit varying(9),
    bb json, bc jsonb, bd jsonpath, be xml, bf tsvector, bg tsquery, bh point, bi line, bj lseg, bk box, bl path, bm polygon, bn circle,
    bo int4range, bp int8range, bq numrange, br daterange, bs tsrange, bt tstzrange,
    bu int4multirange, bv int8multirange, bw nummultirange, bx datemultirange, by tsmultirange, bz tstzmultirange,
    ca txid_snapshot, cb pg_snapshot, cc int2vector, cd oidvector, ce refcursor, cf aclitem, cg float(10), ch float(30), ci dec(4,1),
    cj national character varying(7), ck character varying, cl regcollation
);
CREATE TABLE vector (
    a boolean[], c smallint[], d integer[], e bigint[][], f real[], h numeric[], j numeric(7,3)[], z name[], aa date[], ah timestamptz[],
    ai timestamp(4)[], aj interval[], al uuid[], aq text[], "as" varchar(30)[], au char(4)[], aw bytea[], bc jsonb[], bh point[], bk box[], bo int4range[],
    bt tstzrange[], am macaddr[], ao inet[], ay bit(20)[], x tid[], b "char"[], n integer ARRAY, o integer ARRAY[4], p integer[3][3]
);
