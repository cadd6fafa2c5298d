// Who writes and comments. An editor may change what others wrote.
table user {
  auth = true

  schema {
    int id
    timestamp created_at?=now
    text name filters=trim|max:200
    email email filters=trim|lower|max:254 {
      sensitive = true
    }
    password password {
      sensitive = true
    }
    enum role?=member {
      values = ["member", "editor"]
    }
  }

  index = [
    {type: "primary", field: [{name: "id"}]},
    {type: "btree|unique", field: [{name: "email", op: "asc"}]}
  ]
}
