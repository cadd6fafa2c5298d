// All applications, newest first, in pages.
query application verb=GET {
  api_group = "staff"
  auth = "user"
  security_exceptions = {
    "missing-ownership-check": "Everyone who works here sees every application."
  }

  input {
    int page?=1 filters=min:1
    int per_page?=20 filters=min:1|max:100
  }

  stack {
    db.query "application" {
      sort = {id: "desc"}
      return = {
        type: "list"
        paging: {page: $input.page, per_page: $input.per_page, totals: true, metadata: true}
      }
    } as $applications
  }

  response = $applications
}
