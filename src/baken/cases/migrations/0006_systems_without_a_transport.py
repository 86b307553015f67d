"""Systems whose transport no row said are named as rows name them from now on.

They were all called "/tcp". A UDP service would be opened, and told, a second time under its right
name. What the transport of a kind is, is as of this migration.
"""

from django.db import migrations

_UDP = [
    "accessible-isakmp",
    "ntp-amplification",
    "open-ard",
    "open-chargen",
    "open-coap",
    "open-db2",
    "open-dns-resolver",
    "open-dvr",
    "open-gtp",
    "open-ipmi",
    "open-mdns",
    "open-nat-pmp",
    "open-netbios",
    "open-portmapper",
    "open-qotd",
    "open-quic",
    "open-rdp-udp",
    "open-sip",
    "open-snmp",
    "open-ssdp",
    "open-stun",
    "open-tftp",
    "open-ubiquiti",
    "open-ws-discovery",
    "open-xdmcp",
    "vulnerable-isakmp",
]

_TCP = [
    "accessible-bgp",
    "accessible-http-proxy",
    "exposed-file",
    "open-activemq",
    "open-adb",
    "open-afp",
    "open-amqp",
    "open-bgp",
    "open-cisco-smart-install",
    "open-couchdb",
    "open-cwmp",
    "open-docker",
    "open-elasticsearch",
    "open-epmd",
    "open-ftp",
    "open-hadoop",
    "open-http",
    "open-http-proxy",
    "open-imap",
    "open-ipp",
    "open-kubernetes",
    "open-mongodb",
    "open-mqtt",
    "open-msmq",
    "open-msrpc",
    "open-mysql",
    "open-ntrip",
    "open-pop3",
    "open-postgresql",
    "open-radmin",
    "open-rdp",
    "open-redis",
    "open-rsync",
    "open-smb",
    "open-smtp",
    "open-socks-proxy",
    "open-ssh",
    "open-telnet",
    "open-tls",
    "open-vnc",
    "ssl-freak",
    "ssl-poodle",
    "vulnerable-exchange",
    "vulnerable-http",
    "vulnerable-imap",
    "vulnerable-pop3",
    "vulnerable-smtp",
    "web-shell",
]

_UNDER_OTHER_NAMES = """
UPDATE occasions_case AS c SET system = named.system
FROM (
    SELECT id, regexp_replace(system, '/tcp$', '') || CASE
        WHEN finding_kind = ANY(%s) OR report_type IN (
            'scan_ldap_udp', 'scan_mssql', 'scan_netis_router', 'scan_loop_dos'
        ) THEN '/udp'
        ELSE ''
    END AS system
    FROM occasions_case
    WHERE transport = '' AND affected_role = 'service' AND system ~ '/tcp$'
    AND finding_kind <> ALL(%s) AND report_type NOT IN (
        'scan_ldap_tcp', 'scan6_ldap_tcp', 'scan_ddos_middlebox', 'scan_synfulknock'
    )
) AS named
WHERE named.id = c.id AND NOT EXISTS (
    SELECT FROM occasions_case AS other
    WHERE other.organisation_id = c.organisation_id AND other.finding_kind = c.finding_kind
    AND other.system = named.system
)
"""

_AS_TCP = """
UPDATE occasions_case AS c SET system = named.system
FROM (
    SELECT id, regexp_replace(system, '/udp$', '') || '/tcp' AS system
    FROM occasions_case
    WHERE transport = '' AND affected_role = 'service' AND port IS NOT NULL
    AND system !~ '/tcp$'
) AS named
WHERE named.id = c.id AND NOT EXISTS (
    SELECT FROM occasions_case AS other
    WHERE other.organisation_id = c.organisation_id AND other.finding_kind = c.finding_kind
    AND other.system = named.system
)
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_as_number_and_matched_assets")]

    operations = [migrations.RunSQL([(_UNDER_OTHER_NAMES, [_UDP, _TCP])], _AS_TCP)]
