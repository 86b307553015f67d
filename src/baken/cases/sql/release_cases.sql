-- Open cases whose organisation has nothing to do with the system any more, since another owns it.
-- Without an asset they are told to nobody. What they were matched by stays to be read. A discovered
-- organisation has no asset: that somebody registered its system since is what is written.
UPDATE occasions_case AS c SET asset_id = NULL,
    rule = CASE c.rule WHEN 'discovered' THEN 'registered-since' ELSE c.rule END
FROM rematched AS m
JOIN occasions_case AS source ON source.id = m.case_id
WHERE m.relation = 'owner' AND c.finding_kind = source.finding_kind AND c.system = source.system
    AND c.state = 'open' AND (c.asset_id IS NOT NULL OR c.rule = 'discovered')
    AND NOT EXISTS (
        SELECT FROM rematched AS own
        WHERE own.case_id = m.case_id AND own.organisation_id = c.organisation_id
    )
