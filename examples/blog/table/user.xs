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
    password password filters=min:12|max:128|minLowerAlpha:1|minUpperAlpha:1|minDigit:1|minSymbol:1 {
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
