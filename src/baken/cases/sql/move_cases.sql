-- Open cases whose organisation still has to do with the system, but otherwise than before.
UPDATE occasions_case AS c SET
    relation = m.relation, rule = m.rule, asset_id = m.asset_id, asset_value = a.value,
    is_shared = m.is_shared
FROM rematched AS m
JOIN occasions_case AS source ON source.id = m.case_id
JOIN constituency_asset AS a ON a.id = m.asset_id
WHERE c.organisation_id = m.organisation_id AND c.finding_kind = source.finding_kind
    AND c.system = source.system AND c.state = 'open'
    AND (c.relation, c.rule, c.asset_id, c.is_shared)
        IS DISTINCT FROM (m.relation, m.rule, m.asset_id, m.is_shared)
