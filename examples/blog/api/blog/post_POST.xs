// Writes a post. Its author is the caller, whatever the body says.
query post verb=POST {
  api_group = "blog"
  auth = "user"

  input {
    text title filters=trim|min:1|max:200
    text body
    bool published?=false
  }

  stack {
    db.add "post" {
      data = {
        author_id: $auth.id
        title: $input.title
        body: $input.body
        published: $input.published
      }
    } as $post
  }

  response = $post
}
