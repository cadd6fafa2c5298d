// Changes a post: its author may, and an editor. What is left out stays.
query post/{post_id} verb=PATCH {
  api_group = "blog"
  auth = "user"

  input {
    int post_id
    text? title? filters=trim|min:1|max:200
    text? body?
    bool? published?
  }

  stack {
    db.get "post" {
      field_name = "id"
      field_value = $input.post_id
    } as $post

    function.run "blog/may_change" {
      input = {
        author_id: $post|get:"author_id":null
        user_id: $auth.id
        role: $auth.extras|get:"role":""
      }
    } as $allowed

    // Someone else's draft does not exist for the caller.
    precondition ($post != null && ($post.published || $allowed)) {
      error_type = "notfound"
      error = "Not Found."
    }

    precondition ($allowed) {
      error_type = "accessdenied"
      error = "Only the author or an editor may do this."
    }

    db.patch "post" {
      field_name = "id"
      field_value = $input.post_id
      data = $input|pick:["title", "body", "published"]|filter_null
    } as $changed
  }

  response = $changed
}
