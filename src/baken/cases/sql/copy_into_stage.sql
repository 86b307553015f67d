-- Written by python -m baken.cases.statement_text; do not edit.
-- What is copied: baken.cases.sightings.copy_text.
COPY staged_sighting (
    organisation_id, finding_kind, system, relation, rule, asset_id, is_shared, severity,
    first_seen_at, last_seen_at, sightings, feed, report_type, rsit_taxonomy, rsit_type,
    affected_role, address_role, address, port, transport, host_name, url, email_domain, asn,
    cves, product, tlp, evidence, details, news, has_details, strength
) FROM STDIN
