"""What the bench of the service is made of: traffic, a lean client, the stub, alerts, start-up, a million in force."""
