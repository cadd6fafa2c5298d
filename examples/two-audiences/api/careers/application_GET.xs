// The caller's own applications.
query application verb=GET {
  api_group = "careers"
  auth = "applicant"

  input {}

  stack {
    db.query "application" {
      where = $db.application.applicant_id == $auth.id
      sort = {id: "desc"}
      return = {type: "list"}
    } as $applications
  }

  response = $applications
}
