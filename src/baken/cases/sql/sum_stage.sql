-- A report may come in pieces. Its rows about one system add up: the gravest severity, the strongest
-- rule and all CVEs of them; the last speaks for the rest. Which rows those are, and which case is
-- known already, is found on few columns and written down with figures about it, so that the wide
-- rows are read once, in their order. "stronger" names a row with a stronger rule than the last one,
-- where there is one; "has_other_cves" says that the rows name different CVEs, "has_other_details"
-- that others than the last have details too.
SET LOCAL work_mem = '256MB';
SET LOCAL jit = off;
CREATE TEMPORARY TABLE summed_sighting ON COMMIT DROP AS
SELECT
    summed.organisation_id, summed.finding_kind, summed.system, summed.copied,
    nullif(summed.strongest, summed.copied) AS stronger,
    summed.first_of_all, summed.sum_of_all, summed.gravest, summed.has_other_cves,
    summed.has_other_details,
    c.id AS case_id, summed.last_seen_at >= c.last_seen_at AS is_later
FROM (
    SELECT DISTINCT ON (organisation_id, finding_kind, system)
        organisation_id, finding_kind, system, copied, last_seen_at,
        min(first_seen_at) OVER key AS first_of_all,
        sum(sightings) OVER key AS sum_of_all,
        max(severity) OVER key AS gravest,
        max((strength::bigint << 40) | copied) OVER key & ((1::bigint << 40) - 1) AS strongest,
        min(cves) OVER key <> max(cves) OVER key AS has_other_cves,
        count(*) FILTER (WHERE has_details) OVER key > has_details::integer AS has_other_details
    FROM staged_sighting
    WINDOW key AS (PARTITION BY organisation_id, finding_kind, system)
    ORDER BY organisation_id, finding_kind, system, last_seen_at DESC, copied DESC
) AS summed
LEFT JOIN occasions_case AS c USING (organisation_id, finding_kind, system);
ANALYZE staged_sighting, summed_sighting
