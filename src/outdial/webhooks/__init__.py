"""Facts to customers' endpoints: fan-out of events into deliveries, and their delivery."""
