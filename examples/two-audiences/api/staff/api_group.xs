// What people who work here do.
api_group staff {
  canonical = "staffapi"
}
