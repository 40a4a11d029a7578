"""The app keeps records, assesses companies, and tells people."""
