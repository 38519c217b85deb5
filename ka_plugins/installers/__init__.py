"""What puts bought licenses into the targets of subscriptions."""
