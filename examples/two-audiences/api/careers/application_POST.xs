// Applies. Who applies comes from the token.
query application verb=POST {
  api_group = "careers"
  auth = "applicant"

  input {
    text position filters=trim|min:1|max:200
    text letter
  }

  stack {
    db.add "application" {
      data = {applicant_id: $auth.id, position: $input.position, letter: $input.letter}
    } as $application
  }

  response = $application
}
