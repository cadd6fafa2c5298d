// Posts and comments.
api_group blog {
  canonical = "blogapi"
}
