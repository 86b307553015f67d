-- Undoes record_told for cases whose notification nobody got. Only what still stands as that
-- notification wrote it: a later one, or none, is left alone.
-- \set ids '{1}'    \set told_at '{2026-11-27 00:00+00}'
-- \set before_at '{NULL}'    \set before_severity '{NULL}'
UPDATE occasions_case AS c
SET told_at = before.at, told_severity = before.severity
FROM unnest(
    :'ids'::bigint[], :'told_at'::timestamptz[],
    :'before_at'::timestamptz[], :'before_severity'::smallint[]
) AS before (id, told_at, at, severity)
WHERE c.id = before.id AND c.told_at = before.told_at
