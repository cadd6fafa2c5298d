// Everything the caller wrote, drafts too.
query me/post verb=GET {
  api_group = "blog"
  auth = "user"

  input {
    int page?=1 filters=min:1
    int per_page?=10 filters=min:1|max:50
  }

  stack {
    db.query "post" {
      where = $db.post.author_id == $auth.id
      sort = {id: "desc"}
      return = {
        type: "list"
        paging: {page: $input.page, per_page: $input.per_page, totals: true, metadata: true}
      }
    } as $posts
  }

  response = $posts
}
