-- The systems that open cases are about, each once, as their newest sighting says: what a matcher
-- looks at of an observation. Times are microseconds since 1970. A network is written as such.
COPY (
    SELECT DISTINCT ON (finding_kind COLLATE "C", system COLLATE "C")
        id AS case_id, finding_kind,
        (extract(epoch FROM last_seen_at) * 1000000)::bigint AS observed_at,
        CASE WHEN family(address) = 4 THEN address - inet '0.0.0.0' END AS ipv4,
        CASE WHEN family(address) = 6 THEN host(address) END AS ipv6,
        CASE WHEN split_part(system, '/', 1) = host(address)
            THEN nullif(split_part(system, '/', 2), '') END AS network_bits,
        nullif(host_name, '') AS host_name, nullif(email_domain, '') AS email_domain, asn
    FROM occasions_case
    WHERE state = 'open' AND last_seen_at >= :'since'
    ORDER BY finding_kind COLLATE "C", system COLLATE "C", last_seen_at DESC, id
) TO STDOUT (FORMAT csv, HEADER true)
