// Invites or declines.
query application/{application_id} verb=PATCH {
  api_group = "staff"
  auth = "user"
  security_exceptions = {
    "idor-dataflow": "Everyone who works here decides about every application."
  }

  input {
    int application_id
    enum status {
      values = ["received", "invited", "declined"]
    }
  }

  stack {
    db.edit "application" {
      field_name = "id"
      field_value = $input.application_id
      data = {status: $input.status}
    } as $application
  }

  response = $application
}
