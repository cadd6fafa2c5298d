// Sign up, log in, and who am I, for applicants.
api_group applicant_accounts {
  canonical = "applyauth"
}
