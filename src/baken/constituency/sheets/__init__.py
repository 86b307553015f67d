"""Import and export of a constituency as spreadsheets: CSV files or an XLSX workbook.

The modules follow each other; each uses only those before it:

- `outcome`: what an import says afterwards (counts, problems, notes) and the names of the tables;
- `tables`: the columns of each table, and rows of text known by their header;
- `csv_file` and `workbook`: the tables in the bytes of one file, CSV or XLSX;
- `files`: one file, read by whichever of the two its first bytes call for;
- `cells`: one cell, from text to a value;
- `rows`: one row, from cells to checked values, or problems with what would be right;
- `reading`: all files of one import, read and judged before the database is asked;
- `differences`: what checked rows change in the database, by key;
- `contact_routes`: the routes of contacts, from rows to the database;
- `importing`: what was read, taken over into the database in one transaction;
- `exporting`: the way back, from the database to the same tables.

`baken.constituency.services` is the door: outside this app nobody imports these modules.
"""
