-- What the systems of cases match now: "case_id" stands for the system that it is about.
CREATE TEMPORARY TABLE rematched (
    case_id bigint, organisation_id bigint, relation text, rule text, asset_id bigint,
    is_shared boolean, strength smallint
) ON COMMIT DROP
