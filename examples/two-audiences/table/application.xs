// What an applicant sent in.
table application {
  auth = false

  schema {
    int id
    timestamp created_at?=now
    int applicant_id {
      table = "applicant"
    }
    text position filters=trim|min:1|max:200
    text letter
    enum status?=received {
      values = ["received", "invited", "declined"]
    }
  }

  index = [
    {type: "primary", field: [{name: "id"}]},
    {type: "btree", field: [{name: "applicant_id", op: "asc"}]}
  ]
}
