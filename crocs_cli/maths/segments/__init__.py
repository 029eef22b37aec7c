"""Membership, traits, typical members, disclosure control and change of segments."""
