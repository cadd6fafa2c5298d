// Sign up, log in, and who am I, for people who work here.
api_group staff_accounts {
  canonical = "staffauth"
}
