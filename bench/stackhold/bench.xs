table bench_item {
  auth = false
  schema {
    int id
    timestamp created_at?=now
    text name
    text description
    decimal price
    int qty
    bool active?=true
    json meta
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
  ]
}
---
table bench_user {
  auth = true
  schema {
    int id
    timestamp created_at?=now
    text name
    email email
    password password
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "email", op: "asc"}]}
  ]
}
---
api_group bench {
  canonical = "bench-group"
}
---
query hello verb=GET {
  api_group = "bench"
  public = "benchmark"
  input {}
  stack {}
  response = {hello: "world"}
}
---
query "item/{id}" verb=GET {
  api_group = "bench"
  public = "benchmark"
  input {
    int id
  }
  stack {
    db.get bench_item {
      field_name = "id"
      field_value = $input.id
    } as $item
    precondition ($item != null) {
      error_type = "notfound"
      error = "Not Found."
    }
  }
  response = $item
}
---
query item verb=GET {
  api_group = "bench"
  public = "benchmark"
  input {
    int page?=1 filters=min:1
    int per_page?=20 filters=min:1|max:100
  }
  stack {
    db.query bench_item {
      sort = {id: "asc"}
      return = {
        type: "list"
        paging: {page: $input.page, per_page: $input.per_page, totals: false, metadata: true}
      }
    } as $items
  }
  response = $items
}
---
query item verb=POST {
  api_group = "bench"
  public = "benchmark"
  input {
    text name
    text description
    decimal price
    int qty
    bool active
    json meta
  }
  stack {
    db.add bench_item {
      data = {
        name: $input.name
        description: $input.description
        price: $input.price
        qty: $input.qty
        active: $input.active
        meta: $input.meta
      }
    } as $item
  }
  response = $item
}
---
query "auth/me" verb=GET {
  api_group = "bench"
  auth = "bench_user"
  input {}
  stack {
    db.get bench_user {
      field_name = "id"
      field_value = $auth.id
    } as $user
    precondition ($user != null) {
      error_type = "unauthorized"
    }
  }
  response = $user
}
---
query "auth/login" verb=POST {
  api_group = "bench"
  public = "benchmark"
  input {
    email email filters=trim|lower
    text password
  }
  stack {
    db.get bench_user {
      field_name = "email"
      field_value = $input.email
      output = ["id", "password"]
    } as $user
    security.check_password {
      text_password = $input.password
      hash_password = $user|get:"password"
    } as $matches
    precondition ($matches) {
      error_type = "accessdenied"
      error = "Invalid Credentials."
    }
    security.create_auth_token {
      table = "bench_user"
      id = $user.id
      extras = {}
      expiration = 86400
    } as $authToken
  }
  response = {authToken: $authToken}
}
