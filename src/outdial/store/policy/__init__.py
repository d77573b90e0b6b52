"""What a workspace may do: rules, do-not-call entries, quotas, credits."""
