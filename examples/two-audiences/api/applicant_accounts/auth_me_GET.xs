// The account the token belongs to.
query auth/me verb=GET {
  api_group = "applicant_accounts"
  auth = "applicant"

  input {}

  stack {
    db.get "applicant" {
      field_name = "id"
      field_value = $auth.id
    } as $account

    precondition ($account != null) {
      error_type = "unauthorized"
      error = "Unauthorized"
    }
  }

  response = $account
}
