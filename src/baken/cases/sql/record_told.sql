-- Writes on each case that its organisation is told of it now, as severe as it is, and of all that
-- it showed which counts as news.
-- \set now '2026-11-27 00:00+00'    \set ids '{1,2}'
UPDATE occasions_case AS c
SET told_at = :'now', told_severity = c.severity,
    told_news = CASE WHEN c.news <@ c.told_news THEN c.told_news
        ELSE ARRAY(SELECT DISTINCT unnest(c.told_news || c.news) ORDER BY 1) END
FROM unnest(:'ids'::bigint[]) AS told (id)
WHERE c.id = told.id
