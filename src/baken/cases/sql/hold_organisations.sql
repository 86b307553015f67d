-- Holds the organisations of the cases that are about to be opened until the transaction ends, so that
-- none is removed meanwhile. One check of each organisation takes the place of one of each case.
SELECT count(*) FROM (
    SELECT FROM constituency_organisation
    WHERE id IN (SELECT organisation_id FROM summed_sighting WHERE case_id IS NULL)
    ORDER BY id
    FOR KEY SHARE
) AS held
