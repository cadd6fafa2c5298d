// An article; a draft until it is published.
table post {
  auth = false

  schema {
    int id
    timestamp created_at?=now
    int author_id {
      table = "user"
    }
    text title filters=trim|min:1|max:200
    text body
    bool published?=false
  }

  index = [
    {type: "primary", field: [{name: "id"}]},
    {type: "btree", field: [{name: "author_id", op: "asc"}]},
    {
      type: "btree"
      field: [{name: "published", op: "asc"}, {name: "id", op: "desc"}]
    }
  ]
}
