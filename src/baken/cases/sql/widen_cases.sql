-- Written by python -m baken.cases.statement_text; do not edit.
-- The same sightings, matched against other assets: what counts now is what they say.
-- Gives how many cases were seen again, and how many came back after they were gone. Few columns of
-- the case are asked for: with all of them a million would not fit into memory. A sighting from
-- before the silence does not bring a case back. One that nobody looked at was never gone, and does
-- not come back when it is seen again.
WITH stronger AS (
    SELECT s.copied, other.relation, other.rule, other.asset_id, other.is_shared
    FROM summed_sighting AS s
    JOIN staged_sighting AS other ON other.copied = s.stronger
), named AS (
    SELECT s.copied, array_agg(DISTINCT cve ORDER BY cve) AS cves
    FROM summed_sighting AS s
    JOIN staged_sighting AS other USING (organisation_id, finding_kind, system),
    unnest(other.cves) AS cve
    WHERE s.has_other_cves
    GROUP BY s.copied
), detailed AS (
    SELECT s.copied, jsonb_path_query_array(jsonb_agg(other.details), '$[*][*]') AS details
    FROM summed_sighting AS s
    JOIN staged_sighting AS other USING (organisation_id, finding_kind, system)
    WHERE s.has_other_details AND other.has_details
    GROUP BY s.copied
), newest AS (
    SELECT s.copied, array_agg(DISTINCT item ORDER BY item) AS news
    FROM summed_sighting AS s
    JOIN staged_sighting AS other USING (organisation_id, finding_kind, system),
    unnest(other.news) AS item
    WHERE s.has_other_details AND other.has_details
    GROUP BY s.copied
), others AS MATERIALIZED (
    SELECT copied, relation, rule, asset_id, is_shared, cves, details, news
    FROM stronger
    FULL JOIN named USING (copied)
    FULL JOIN detailed USING (copied)
    FULL JOIN newest USING (copied)
), later AS (
    UPDATE occasions_case AS c SET
        first_seen_at = least(c.first_seen_at, w.first_of_all),
        last_seen_at = w.last_seen_at,
        sightings = c.sightings + 0,
        state = CASE WHEN w.last_seen_at > c.last_seen_at THEN 'open' ELSE c.state END,
        reopened_at = CASE WHEN c.state = 'gone' AND w.last_seen_at > c.last_seen_at THEN :'now' ELSE c.reopened_at END,
        gone_at = CASE WHEN w.last_seen_at > c.last_seen_at THEN NULL ELSE c.gone_at END,
        gone_reason = CASE WHEN w.last_seen_at > c.last_seen_at THEN '' ELSE c.gone_reason END,
        relation = w.relation,
        rule = w.rule,
        asset_id = w.asset_id,
        is_shared = w.is_shared,
        severity = w.severity,
        feed = w.feed,
        report_type = w.report_type,
        rsit_taxonomy = w.rsit_taxonomy,
        rsit_type = w.rsit_type,
        affected_role = w.affected_role,
        address_role = w.address_role,
        address = w.address,
        port = w.port,
        transport = w.transport,
        host_name = w.host_name,
        url = w.url,
        email_domain = w.email_domain,
        asn = w.asn,
        cves = w.cves,
        product = w.product,
        tlp = w.tlp,
        evidence = w.evidence,
        asset_value = w.asset_value,
        batch_id = w.batch_id,
        news = CASE WHEN w.news IS NULL OR w.news <@ c.news OR cardinality(c.news) >= 500 THEN c.news ELSE ARRAY(SELECT DISTINCT unnest(c.news || w.news) ORDER BY 1) END,
        details = CASE WHEN w.details IS NULL THEN c.details
            WHEN jsonb_array_length(c.details) + jsonb_array_length(w.details) <= 10 THEN (
                SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                    'name', name, 'value', value, 'of', "of", 'first', nullif(first, last), 'last', last,
                    'sightings', nullif(sightings, 1)
                )))
                FROM (
                    SELECT name, value, "of", min(coalesce(first, last)) AS first, max(last) AS last,
                        coalesce(sum(coalesce(sightings, 1)) FILTER (WHERE is_known), sum(coalesce(sightings, 1))) AS sightings, name IN ('src_port', 'dst_port') AS is_moment, name IN ('cve', 'family', 'malware', 'infection', 'tag', 'badsecret_type', 'beacon_type', 'ransomware') AS is_news
                    FROM (
                        SELECT true AS is_known, one.*
                        FROM jsonb_to_recordset(c.details) AS one (
                            name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                        )
                        UNION ALL
                        SELECT false AS is_known, one.*
                        FROM jsonb_to_recordset(w.details) AS one (
                            name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                        )
                    ) AS shown
                    GROUP BY name, value, "of", CASE WHEN name IN ('src_port', 'dst_port') THEN last END
                ) AS added
            ) ELSE (
                SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                    'name', name, 'value', value, 'of', "of", 'first', nullif(first, last), 'last', last,
                    'sightings', nullif(sightings, 1)
                ))) FILTER (WHERE place <= 100 AND (NOT is_moment OR of_one <= 10))
                FROM (
                    SELECT *, row_number() OVER (
                        PARTITION BY is_moment ORDER BY of_one, is_news DESC, last DESC, name, value, "of"
                    ) AS place
                    FROM (
                        SELECT *, CASE WHEN is_moment THEN row_number() OVER (
                            PARTITION BY name, "of" ORDER BY last DESC, value
                        ) END AS of_one
                        FROM (
                            SELECT name, value, "of", min(coalesce(first, last)) AS first, max(last) AS last,
                                coalesce(sum(coalesce(sightings, 1)) FILTER (WHERE is_known), sum(coalesce(sightings, 1))) AS sightings, name IN ('src_port', 'dst_port') AS is_moment, name IN ('cve', 'family', 'malware', 'infection', 'tag', 'badsecret_type', 'beacon_type', 'ransomware') AS is_news
                            FROM (
                                SELECT true AS is_known, one.*
                                FROM jsonb_to_recordset(c.details) AS one (
                                    name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                                )
                                UNION ALL
                                SELECT false AS is_known, one.*
                                FROM jsonb_to_recordset(w.details) AS one (
                                    name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                                )
                            ) AS shown
                            GROUP BY name, value, "of", CASE WHEN name IN ('src_port', 'dst_port') THEN last END
                        ) AS added
                    ) AS counted
                ) AS placed
            ) END,
        details_more = CASE WHEN w.details IS NULL OR jsonb_array_length(c.details) + jsonb_array_length(w.details) <= 10 THEN c.details_more
            ELSE greatest(c.details_more, (
                SELECT count(*) FILTER (WHERE NOT is_moment AND place > 100)
                FROM (
                    SELECT *, row_number() OVER (
                        PARTITION BY is_moment ORDER BY of_one, is_news DESC, last DESC, name, value, "of"
                    ) AS place
                    FROM (
                        SELECT *, CASE WHEN is_moment THEN row_number() OVER (
                            PARTITION BY name, "of" ORDER BY last DESC, value
                        ) END AS of_one
                        FROM (
                            SELECT name, value, "of", min(coalesce(first, last)) AS first, max(last) AS last,
                                coalesce(sum(coalesce(sightings, 1)) FILTER (WHERE is_known), sum(coalesce(sightings, 1))) AS sightings, name IN ('src_port', 'dst_port') AS is_moment, name IN ('cve', 'family', 'malware', 'infection', 'tag', 'badsecret_type', 'beacon_type', 'ransomware') AS is_news
                            FROM (
                                SELECT true AS is_known, one.*
                                FROM jsonb_to_recordset(c.details) AS one (
                                    name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                                )
                                UNION ALL
                                SELECT false AS is_known, one.*
                                FROM jsonb_to_recordset(w.details) AS one (
                                    name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                                )
                            ) AS shown
                            GROUP BY name, value, "of", CASE WHEN name IN ('src_port', 'dst_port') THEN last END
                        ) AS added
                    ) AS counted
                ) AS placed
            )) END
    FROM (
        SELECT
            s.case_id, l.organisation_id, l.finding_kind, l.system,
            coalesce(o.relation, l.relation) AS relation, coalesce(o.rule, l.rule) AS rule,
            a.id AS asset_id, coalesce(a.value, '') AS asset_value,
            coalesce(o.is_shared, l.is_shared) AS is_shared, s.gravest AS severity, s.first_of_all,
            l.last_seen_at, s.sum_of_all, l.feed, l.report_type, l.rsit_taxonomy, l.rsit_type,
            l.affected_role, l.address_role, l.address, l.port, coalesce(l.transport, '') AS transport,
            coalesce(l.host_name, '') AS host_name, coalesce(l.url, '') AS url,
            coalesce(l.email_domain, '') AS email_domain, l.asn,
            coalesce(o.cves, l.cves)::varchar[] AS cves, coalesce(l.product, '') AS product, l.tlp,
            l.evidence, coalesce(o.details, l.details) AS details, s.has_other_details,
            coalesce(o.news, l.news) AS news, :batch AS batch_id
        FROM summed_sighting AS s
        JOIN staged_sighting AS l USING (copied)
        LEFT JOIN others AS o USING (copied)
        LEFT JOIN constituency_asset AS a ON a.id = coalesce(o.asset_id, l.asset_id)
        WHERE s.is_later
    ) AS w
    WHERE c.id = w.case_id
    RETURNING (reopened_at = :'now') AS is_back
), earlier AS (
    UPDATE occasions_case AS c SET
        first_seen_at = least(c.first_seen_at, w.first_of_all),
        sightings = c.sightings + 0,
        news = CASE WHEN w.news IS NULL OR w.news <@ c.news OR cardinality(c.news) >= 500 THEN c.news ELSE ARRAY(SELECT DISTINCT unnest(c.news || w.news) ORDER BY 1) END,
        details = CASE WHEN w.details IS NULL THEN c.details
            WHEN jsonb_array_length(c.details) + jsonb_array_length(w.details) <= 10 THEN (
                SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                    'name', name, 'value', value, 'of', "of", 'first', nullif(first, last), 'last', last,
                    'sightings', nullif(sightings, 1)
                )))
                FROM (
                    SELECT name, value, "of", min(coalesce(first, last)) AS first, max(last) AS last,
                        coalesce(sum(coalesce(sightings, 1)) FILTER (WHERE is_known), sum(coalesce(sightings, 1))) AS sightings, name IN ('src_port', 'dst_port') AS is_moment, name IN ('cve', 'family', 'malware', 'infection', 'tag', 'badsecret_type', 'beacon_type', 'ransomware') AS is_news
                    FROM (
                        SELECT true AS is_known, one.*
                        FROM jsonb_to_recordset(c.details) AS one (
                            name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                        )
                        UNION ALL
                        SELECT false AS is_known, one.*
                        FROM jsonb_to_recordset(w.details) AS one (
                            name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                        )
                    ) AS shown
                    GROUP BY name, value, "of", CASE WHEN name IN ('src_port', 'dst_port') THEN last END
                ) AS added
            ) ELSE (
                SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                    'name', name, 'value', value, 'of', "of", 'first', nullif(first, last), 'last', last,
                    'sightings', nullif(sightings, 1)
                ))) FILTER (WHERE place <= 100 AND (NOT is_moment OR of_one <= 10))
                FROM (
                    SELECT *, row_number() OVER (
                        PARTITION BY is_moment ORDER BY of_one, is_news DESC, last DESC, name, value, "of"
                    ) AS place
                    FROM (
                        SELECT *, CASE WHEN is_moment THEN row_number() OVER (
                            PARTITION BY name, "of" ORDER BY last DESC, value
                        ) END AS of_one
                        FROM (
                            SELECT name, value, "of", min(coalesce(first, last)) AS first, max(last) AS last,
                                coalesce(sum(coalesce(sightings, 1)) FILTER (WHERE is_known), sum(coalesce(sightings, 1))) AS sightings, name IN ('src_port', 'dst_port') AS is_moment, name IN ('cve', 'family', 'malware', 'infection', 'tag', 'badsecret_type', 'beacon_type', 'ransomware') AS is_news
                            FROM (
                                SELECT true AS is_known, one.*
                                FROM jsonb_to_recordset(c.details) AS one (
                                    name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                                )
                                UNION ALL
                                SELECT false AS is_known, one.*
                                FROM jsonb_to_recordset(w.details) AS one (
                                    name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                                )
                            ) AS shown
                            GROUP BY name, value, "of", CASE WHEN name IN ('src_port', 'dst_port') THEN last END
                        ) AS added
                    ) AS counted
                ) AS placed
            ) END,
        details_more = CASE WHEN w.details IS NULL OR jsonb_array_length(c.details) + jsonb_array_length(w.details) <= 10 THEN c.details_more
            ELSE greatest(c.details_more, (
                SELECT count(*) FILTER (WHERE NOT is_moment AND place > 100)
                FROM (
                    SELECT *, row_number() OVER (
                        PARTITION BY is_moment ORDER BY of_one, is_news DESC, last DESC, name, value, "of"
                    ) AS place
                    FROM (
                        SELECT *, CASE WHEN is_moment THEN row_number() OVER (
                            PARTITION BY name, "of" ORDER BY last DESC, value
                        ) END AS of_one
                        FROM (
                            SELECT name, value, "of", min(coalesce(first, last)) AS first, max(last) AS last,
                                coalesce(sum(coalesce(sightings, 1)) FILTER (WHERE is_known), sum(coalesce(sightings, 1))) AS sightings, name IN ('src_port', 'dst_port') AS is_moment, name IN ('cve', 'family', 'malware', 'infection', 'tag', 'badsecret_type', 'beacon_type', 'ransomware') AS is_news
                            FROM (
                                SELECT true AS is_known, one.*
                                FROM jsonb_to_recordset(c.details) AS one (
                                    name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                                )
                                UNION ALL
                                SELECT false AS is_known, one.*
                                FROM jsonb_to_recordset(w.details) AS one (
                                    name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                                )
                            ) AS shown
                            GROUP BY name, value, "of", CASE WHEN name IN ('src_port', 'dst_port') THEN last END
                        ) AS added
                    ) AS counted
                ) AS placed
            )) END
    FROM (
        SELECT
            s.case_id, l.organisation_id, l.finding_kind, l.system,
            coalesce(o.relation, l.relation) AS relation, coalesce(o.rule, l.rule) AS rule,
            a.id AS asset_id, coalesce(a.value, '') AS asset_value,
            coalesce(o.is_shared, l.is_shared) AS is_shared, s.gravest AS severity, s.first_of_all,
            l.last_seen_at, s.sum_of_all, l.feed, l.report_type, l.rsit_taxonomy, l.rsit_type,
            l.affected_role, l.address_role, l.address, l.port, coalesce(l.transport, '') AS transport,
            coalesce(l.host_name, '') AS host_name, coalesce(l.url, '') AS url,
            coalesce(l.email_domain, '') AS email_domain, l.asn,
            coalesce(o.cves, l.cves)::varchar[] AS cves, coalesce(l.product, '') AS product, l.tlp,
            l.evidence, coalesce(o.details, l.details) AS details, s.has_other_details,
            coalesce(o.news, l.news) AS news, :batch AS batch_id
        FROM summed_sighting AS s
        JOIN staged_sighting AS l USING (copied)
        LEFT JOIN others AS o USING (copied)
        LEFT JOIN constituency_asset AS a ON a.id = coalesce(o.asset_id, l.asset_id)
        WHERE NOT s.is_later
    ) AS w
    WHERE c.id = w.case_id
    RETURNING false AS is_back
)
SELECT count(*) FILTER (WHERE is_back IS NOT TRUE), count(*) FILTER (WHERE is_back)
FROM (SELECT is_back FROM later UNION ALL SELECT is_back FROM earlier) AS written
