// Makes an account and answers a token for it.
query auth/signup verb=POST {
  api_group = "staff_accounts"
  public = "Someone without an account has no token yet."

  input {
    text name filters=trim|max:200
    email email filters=trim|lower|max:254
    password password {
      sensitive = true
    }
  }

  stack {
    db.has "user" {
      field_name = "email"
      field_value = $input.email
    } as $taken

    precondition (!$taken) {
      error_type = "accessdenied"
      error = "This account cannot be created."
    }

    db.add "user" {
      data = {name: $input.name, email: $input.email, password: $input.password}
    } as $account

    security.create_auth_token {
      table = "user"
      id = $account.id
      extras = {}
      expiration = 86400
    } as $authToken
  }

  response = {authToken: $authToken}
}
