/** Tables with and without owners, for the endpoints of `idor-cases.ts`. */

export const tables = `
table user {
  auth = true
  schema {
    int id
    text name
    email email
    password password
    text role?
    int org_id?
  }
}
---
table post {
  schema {
    int id
    int author_id {
      table = "user"
    }
    text title
    bool published?
    int category_id? {
      table = "category"
    }
  }
}
---
table comment {
  schema {
    int id
    int post_id {
      table = "post"
    }
    int user_id {
      table = "user"
    }
    text body
  }
}
---
table category {
  schema {
    int id
    text name
  }
}
---
table document {
  schema {
    int id
    int org_id
    int owner_id {
      table = "user"
    }
  }
}
---
table membership {
  schema {
    int id
    int org_id
    int user_id {
      table = "user"
    }
    text role
  }
}
---
table reset {
  schema {
    int id
    text token
    int user_id {
      table = "user"
    }
  }
}
---
function may_change {
  input {
    int owner
    int caller
  }
  stack {
    var $allowed { value = false }
    conditional {
      if ($input.owner == $input.caller) {
        var.update $allowed { value = true }
      }
    }
  }
  response = $allowed
}
---
function looks_fine {
  input {
    int post_id
  }
  stack {
    db.get post { field_value = $input.post_id } as $post
  }
  response = $post != null
}
---
function require_author {
  input {
    int post_id
  }
  stack {
    db.get post {
      field_name = "id"
      field_value = $input.post_id
    } as $post
    precondition ($post.author_id == $auth.id) {
      error_type = "accessdenied"
    }
  }
  response = $post
}
---
function get_post {
  input {
    int id
  }
  stack {
    db.get post {
      field_name = "id"
      field_value = $input.id
    } as $post
  }
  response = $post
}`
