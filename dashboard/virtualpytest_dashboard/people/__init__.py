"""Who uses the dashboard, what they may do and see, and what they have done."""
