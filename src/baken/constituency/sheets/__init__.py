"""Import and export of a constituency as spreadsheets: CSV files or an XLSX workbook."""
