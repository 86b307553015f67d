"""Explaining: every verdict, match, silence and health check as a value and in words, nl and en.

The words stand in one table a language (`words/`); nothing is worded twice. A face (the command
line now, later the console, the portal, the pages and the API) asks here and prints what it gets.
What a feed, a channel or an error says of itself is passed on as it is: those texts are theirs,
and in English.
"""
