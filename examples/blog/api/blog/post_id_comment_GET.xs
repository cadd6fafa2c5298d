// Comments of a published post, oldest first, in pages.
query post/{post_id}/comment verb=GET {
  api_group = "blog"
  public = "A blog is there to be read."

  input {
    int post_id
    int page?=1 filters=min:1
    int per_page?=20 filters=min:1|max:100
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

    db.query "comment" {
      where = $db.comment.post_id == $input.post_id
      sort = {id: "asc"}
      return = {
        type: "list"
        paging: {page: $input.page, per_page: $input.per_page, totals: true, metadata: true}
      }
    } as $comments
  }

  response = $comments
}
