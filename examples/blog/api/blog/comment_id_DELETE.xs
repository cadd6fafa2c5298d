// Deletes a comment: who wrote it may, the author of the post, and an editor.
query comment/{comment_id} verb=DELETE {
  api_group = "blog"
  auth = "user"

  input {
    int comment_id
  }

  stack {
    db.get "comment" {
      field_name = "id"
      field_value = $input.comment_id
    } as $comment

    precondition ($comment != null) {
      error_type = "notfound"
      error = "Not Found."
    }

    db.get "post" {
      field_name = "id"
      field_value = $comment.post_id
    } as $post

    var $allowed {
      value = $auth.id == $comment.author_id || $auth.id == ($post|get:"author_id":null) || ($auth.extras|get:"role":"") == "editor"
    }

    precondition ($allowed || ($post|get:"published":false)) {
      error_type = "notfound"
      error = "Not Found."
    }

    precondition ($allowed) {
      error_type = "accessdenied"
      error = "Only its author, the author of the post or an editor may do this."
    }

    db.del "comment" {
      field_name = "id"
      field_value = $input.comment_id
    }
  }

  response = null
}
