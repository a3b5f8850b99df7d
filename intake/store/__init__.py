"""The only SQL of intake: drafts, cases with their events, people's profiles, teams and staff, parties."""
