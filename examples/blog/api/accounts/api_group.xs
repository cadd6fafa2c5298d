// Sign up, log in, and who am I, for the people of the blog.
api_group accounts {
  canonical = "blogauth"
}
