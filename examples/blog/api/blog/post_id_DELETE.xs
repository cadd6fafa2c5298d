// Deletes a post with its comments, all or nothing.
query post/{post_id} verb=DELETE {
  api_group = "blog"
  auth = "user"

  input {
    int post_id
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

    db.transaction {
      stack {
        db.query "comment" {
          where = $db.comment.post_id == $input.post_id
          return = {type: "list"}
        } as $comments

        foreach ($comments) {
          each as $comment {
            db.del "comment" {
              field_name = "id"
              field_value = $comment.id
            }
          }
        }

        db.del "post" {
          field_name = "id"
          field_value = $input.post_id
        }
      }
    }
  }

  response = null
}
