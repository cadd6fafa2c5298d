// One published post. A draft is as good as not there.
query post/{post_id} verb=GET {
  api_group = "blog"
  public = "A blog is there to be read."

  input {
    int post_id
  }

  stack {
    db.get "post" {
      field_name = "id"
      field_value = $input.post_id
    } as $post

    precondition ($post != null && $post.published) {
      error_type = "notfound"
      error = "Not Found."
    }
  }

  response = $post
}
