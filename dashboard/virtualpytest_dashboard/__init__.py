"""What people look at: a small Starlette application over Allure results."""
