// Checks e-mail and password and answers a token. Who has no account gets the same answer, after the same work.
query auth/login verb=POST {
  api_group = "accounts"
  public = "Someone who logs in has no token yet."

  input {
    email email filters=trim|lower
    text password {
      sensitive = true
    }
  }

  stack {
    db.get "user" {
      field_name = "email"
      field_value = $input.email
      output = ["id", "password", "role"]
    } as $account

    security.check_password {
      text_password = $input.password
      hash_password = $account|get:"password":""
    } as $matches

    precondition ($matches) {
      error_type = "accessdenied"
      error = "Invalid Credentials."
    }

    security.create_auth_token {
      table = "user"
      id = $account.id
      extras = {role: $account.role}
      expiration = 86400
    } as $authToken
  }

  response = {authToken: $authToken}
}
