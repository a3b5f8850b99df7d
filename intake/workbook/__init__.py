"""XLSX files from outside: unpacked within bounds, parsed without DOCTYPE, one sheet's cells as they stand."""
