"""Who takes part in the made-up world, as the files that they would hand in."""

from __future__ import annotations

from typing import Final

ORGANISATIONS: Final = """\
reference,name,sector
haven,Stichting Haven,transport
zorg,Stichting Zorg,health
harbour,Harbour Example Ltd,transport
kade,Stichting Kade,transport
markt,Stichting Markt,retail
provider,Provider Example BV,telecom
belt,Stichting Belt,
post,Stichting Post,
groot,Stichting Groot,
traag,Stichting Traag,
stil,Stichting Stil,
loods,Stichting Loods,
"""

CONTACTS: Final = """\
organisation,name,role,email,phone,language,channel
haven,Meldpunt,security,security@haven.example.nl,,nl,mail
haven,Beheer,technical,it@haven.example.nl,+31701234501,nl,mail
zorg,Centrale,general,post@zorg.example.nl,+31701234502,nl,phone
zorg,,management,,+31701234503,nl,phone
harbour,Security desk,security,Security@Harbour.example.com,,en,mail
kade,,security,former@kade.example.nl,,nl,mail
kade,,technical,it@kade.example.nl,,nl,mail
markt,Desk,security,desk@markt.example.nl,,nl,mail
markt,Desk,general,desk@markt.example.nl,,nl,mail
provider,Abuse desk,security,abuse@provider.example.net,,en,mail
belt,Receptie,general,,+31701234504,nl,phone
post,,security,no-mailbox@post.example.nl,,nl,mail
groot,,security,too-large@groot.example.nl,,nl,mail
traag,,security,busy@traag.example.nl,,nl,mail
stil,,security,lost@stil.example.nl,,nl,mail
loods,,security,stop@loods.example.nl,,nl,mail
loods,,general,info@loods.example.nl,,nl,mail
"""

ASSETS: Final = """\
organisation,asset,valid_from,valid_until
haven,192.0.2.0/25,,
haven,haven.example.nl,2026-01-01,
zorg,192.0.2.128/25,,
zorg,2001:db8:10::/48,,
harbour,AS64496,,
harbour,harbour.example.com,2026-01-01,2027-01-01
harbour,old.example.com,2025-01-01,2026-01-01
kade,203.0.113.0/26,,
markt,203.0.113.0/26,2026-06-01T12:00:00+02:00,
provider,203.0.113.0/24,,
provider,AS64500,,
belt,198.51.100.0/28,,
post,198.51.100.16/28,,
groot,198.51.100.32/28,,
traag,198.51.100.48/28,,
stil,198.51.100.64/28,,
loods,198.51.100.80/28,,
"""
