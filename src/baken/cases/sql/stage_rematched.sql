-- Written by python -m baken.cases.statement_text; do not edit.
-- Sightings of systems that match an organisation now which has no open case about them: as the
-- case says that stands for the system, since the report itself is not read again.
INSERT INTO staged_sighting (
    organisation_id, finding_kind, system, relation, rule, asset_id, is_shared, severity,
    first_seen_at, last_seen_at, sightings, feed, report_type, rsit_taxonomy, rsit_type,
    affected_role, address_role, address, port, transport, host_name, url, email_domain, asn,
    cves, product, tlp, evidence, details, news, has_details, strength
)
SELECT
    m.organisation_id, source.finding_kind, source.system, m.relation, m.rule, m.asset_id,
    m.is_shared, source.severity, source.first_seen_at, source.last_seen_at, source.sightings,
    source.feed, source.report_type, source.rsit_taxonomy, source.rsit_type,
    source.affected_role, source.address_role, source.address, source.port, source.transport,
    source.host_name, source.url, source.email_domain, source.asn, source.cves, source.product,
    source.tlp, source.evidence, source.details, source.news, source.details <> '[]', m.strength
FROM rematched AS m
JOIN occasions_case AS source ON source.id = m.case_id
LEFT JOIN occasions_case AS own ON own.organisation_id = m.organisation_id
    AND own.finding_kind = source.finding_kind AND own.system = source.system
WHERE own.id IS NULL OR (own.state <> 'open' AND own.last_seen_at < source.last_seen_at)
