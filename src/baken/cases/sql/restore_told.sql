-- Undoes record_told for cases whose notification nobody got. Only what still stands as that
-- notification wrote it: a later one, or none, is left alone. The news is a JSON array for each.
-- \set ids '{1}'    \set told_at '{2026-11-27 00:00+00}'
-- \set before_at '{NULL}'    \set before_severity '{NULL}'    \set before_news '{[]}'
UPDATE occasions_case AS c
SET told_at = before.at, told_severity = before.severity,
    told_news = ARRAY(SELECT jsonb_array_elements_text(before.news::jsonb))
FROM unnest(
    :'ids'::bigint[], :'told_at'::timestamptz[],
    :'before_at'::timestamptz[], :'before_severity'::smallint[], :'before_news'::text[]
) AS before (id, told_at, at, severity, news)
WHERE c.id = before.id AND c.told_at = before.told_at
