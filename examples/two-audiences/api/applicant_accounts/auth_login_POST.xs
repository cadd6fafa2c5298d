// Checks e-mail and password and answers a token. Who has no account gets the same answer, after the same work.
query auth/login verb=POST {
  api_group = "applicant_accounts"
  public = "Someone who logs in has no token yet."

  input {
    email email filters=trim|lower
    text password {
      sensitive = true
    }
  }

  stack {
    db.get "applicant" {
      field_name = "email"
      field_value = $input.email
      output = ["id", "password"]
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
      table = "applicant"
      id = $account.id
      extras = {}
      expiration = 86400
    } as $authToken
  }

  response = {authToken: $authToken}
}
