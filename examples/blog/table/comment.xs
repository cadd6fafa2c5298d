// What a reader says about a post.
table comment {
  auth = false

  schema {
    int id
    timestamp created_at?=now
    int post_id {
      table = "post"
    }
    int author_id {
      table = "user"
    }
    text body filters=trim|min:1|max:2000
  }

  index = [
    {type: "primary", field: [{name: "id"}]},
    {type: "btree", field: [{name: "post_id", op: "asc"}, {name: "id", op: "asc"}]}
  ]
}
