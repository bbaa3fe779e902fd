"""DES archives: many members in one file, read and written without trusting what the file says."""
