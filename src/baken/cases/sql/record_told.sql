-- Writes on each case that its organisation is told of it now, as severe as it is.
-- \set now '2026-11-27 00:00+00'    \set ids '{1,2}'
UPDATE occasions_case AS c
SET told_at = :'now', told_severity = c.severity
FROM unnest(:'ids'::bigint[]) AS told (id)
WHERE c.id = told.id
