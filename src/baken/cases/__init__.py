"""What is wrong: matches become cases; what is stored is matched and looked over once more.

`columns` says what a case consists of, `sightings` sums matches up in columns, `writing` makes
cases of them in the database by `statements` (files in ``sql/``). `accepting` takes a report in,
`stored_work` and `looking_back` go over what is stored.
"""
