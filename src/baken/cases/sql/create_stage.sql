-- Written by python -m baken.cases.statement_text; do not edit.
-- Sightings arrive here by COPY. "copied" keeps the order of arrival, so that of two sightings at
-- the same moment the later row wins, whatever the size of the pieces.
CREATE TEMPORARY TABLE staged_sighting (
    organisation_id bigint, finding_kind text COLLATE "C", system text COLLATE "C",
    relation text, rule text, asset_id bigint, is_shared boolean, severity smallint,
    first_seen_at timestamptz, last_seen_at timestamptz, sightings bigint, feed text,
    report_type text, rsit_taxonomy text, rsit_type text, affected_role text, address_role text,
    address inet, port integer, transport text, host_name text, url text, email_domain text,
    asn bigint, cves text[], product text, tlp text, evidence jsonb, details jsonb, news text[],
    has_details boolean, strength smallint,
    copied bigint GENERATED ALWAYS AS IDENTITY (CACHE 10000)
) ON COMMIT DROP
