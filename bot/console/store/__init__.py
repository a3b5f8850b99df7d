"""The console's rows: credentials, sessions, the journal of sign-ins, settings."""
