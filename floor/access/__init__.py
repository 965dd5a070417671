"""What people and programs sign in with: sessions. Tables, commands of supervisors, and the check of each request."""
