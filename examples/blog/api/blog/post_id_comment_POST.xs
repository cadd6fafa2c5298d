// Comments on a published post.
query post/{post_id}/comment verb=POST {
  api_group = "blog"
  auth = "user"

  input {
    int post_id
    text body filters=trim|min:1|max:2000
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

    db.add "comment" {
      data = {post_id: $input.post_id, author_id: $auth.id, body: $input.body}
    } as $comment
  }

  response = $comment
}
