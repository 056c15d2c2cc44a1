"""The language that gateway and hub share: readings, batches, topics, properties, time."""
