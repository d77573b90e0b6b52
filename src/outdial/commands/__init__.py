"""The one way in: each verb is one transaction."""
