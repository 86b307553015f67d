"""The words of the public pages, one file a language; nothing else says them."""
