// The account the token belongs to.
query auth/me verb=GET {
  api_group = "staff_accounts"
  auth = "user"

  input {}

  stack {
    db.get "user" {
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
