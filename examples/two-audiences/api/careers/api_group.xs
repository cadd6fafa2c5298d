// What applicants do.
api_group careers {
  canonical = "careers"
}
