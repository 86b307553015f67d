-- Cases that were made of another's: the batch is the one that the other was last seen in.
UPDATE occasions_case AS c SET batch_id = source.batch_id
FROM rematched AS m
JOIN occasions_case AS source ON source.id = m.case_id
WHERE c.organisation_id = m.organisation_id AND c.finding_kind = source.finding_kind
    AND c.system = source.system AND c.batch_id = 0
