function "validate-signup" {
  input {
    text name filters=trim
    email email filters=trim|lower
    int age?
  }

  stack {
    precondition (($input.name|strlen) >= 2) {
      error_type = "inputerror"
      error = "Name is too short."
    }

    conditional {
      if ($input.age < 18) {
        throw {
          name = "accessdenied"
          value = "Adults only."
        }
      }
    }

    var $parts { value = $input.email|split:"@" }
  }

  response = {user: $parts[0], domain: $parts|last, initials: ($input.name|split:" "|map:($$|substr:0:1|to_upper))|join:""}
}
