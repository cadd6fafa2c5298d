// Whether a user may change what an author wrote: their own, or anything for an editor.
function blog/may_change {
  input {
    int? author_id
    int user_id
    text role?
  }

  stack {
    var $allowed {
      value = $input.role == "editor" || ($input.author_id != null && $input.author_id == $input.user_id)
    }
  }

  response = $allowed

  test "an author may" {
    input = {author_id: 1, user_id: 1, role: "member"}
    expect.to_equal ($response) {
      value = true
    }
  }

  test "a stranger may not" {
    input = {author_id: 1, user_id: 2, role: "member"}
    expect.to_equal ($response) {
      value = false
    }
  }
}
