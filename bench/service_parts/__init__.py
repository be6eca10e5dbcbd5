"""What the bench of the service is made of: traffic, a lean client, the stub, the alert watch, start-up."""
