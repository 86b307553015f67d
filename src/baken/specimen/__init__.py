"""Made-up constituencies and reports on reserved ranges, and a mail server.

The mail server keeps mails in a folder.
"""
