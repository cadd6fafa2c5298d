table customer {
  auth = false
  schema {
    int id
    text name
    text region
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
  ]
}
---
table event {
  auth = false
  schema {
    int id
    timestamp created_at?=now
    int customer_id { table = "customer" }
    text code
    enum status {
      values = ["new", "paid", "sent", "done"]
    }
    decimal amount
    text[] tags
    text title
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "code", op: "asc"}]}
    {type: "btree", field: [{name: "customer_id", op: "asc"}, {name: "created_at", op: "desc"}]}
    {type: "btree", field: [{name: "created_at", op: "desc"}]}
    {type: "gin", field: [{name: "tags"}]}
    {type: "search", field: [{name: "title", op: "A"}], lang: "english"}
  ]
}
---
addon customer {
  input {
    int id
  }
  stack {
    db.get customer {
      field_name = "id"
      field_value = $input.id
    }
  }
}
---
api_group million {
  canonical = "million"
}
---
query "event/{id}" verb=GET {
  api_group = "million"
  public = "benchmark"
  input {
    int id
  }
  stack {
    db.get event {
      field_name = "id"
      field_value = $input.id
    } as $event
  }
  response = $event
}
---
query by_code verb=GET {
  api_group = "million"
  public = "benchmark"
  input {
    text code
  }
  stack {
    db.get event {
      field_name = "code"
      field_value = $input.code
    } as $event
  }
  response = $event
}
---
query filtered_page verb=GET {
  api_group = "million"
  public = "benchmark"
  input {
    int customer_id
    text? status?
    int page?=1
  }
  stack {
    db.query event {
      where = $db.event.customer_id == $input.customer_id && $db.event.status ==? $input.status
      sort = {created_at: "desc"}
      return = {type: "list", paging: {page: $input.page, per_page: 20, totals: true}}
    } as $events
  }
  response = $events
}
---
query keyset_page verb=GET {
  api_group = "million"
  public = "benchmark"
  input {
    int after?=0
  }
  stack {
    db.query event {
      where = $db.event.id > $input.after
      sort = {id: "asc"}
      return = {type: "list", paging: {page: 1, per_page: 50, totals: false}}
    } as $events
  }
  response = $events
}
---
query latest verb=GET {
  api_group = "million"
  public = "benchmark"
  input {
    timestamp? before?
  }
  stack {
    db.query event {
      where = $db.event.created_at <? $input.before
      sort = {created_at: "desc"}
      return = {type: "list", paging: {page: 1, per_page: 50, totals: false}}
    } as $events
  }
  response = $events
}
---
query aggregate verb=GET {
  api_group = "million"
  public = "benchmark"
  input {
    timestamp from
    timestamp to
  }
  stack {
    db.query event {
      where = $db.event.created_at between $input.from:$input.to
      return = {type: "aggregate", group: {status: $db.event.status}, eval: {n: $db.event.id|count, total: $db.event.amount|sum}}
    } as $sums
  }
  response = $sums
}
---
query count verb=GET {
  api_group = "million"
  public = "benchmark"
  input {
    int customer_id
  }
  stack {
    db.query event {
      where = $db.event.customer_id == $input.customer_id
      return = {type: "count"}
    } as $count
    db.query event {
      where = $db.event.customer_id == $input.customer_id && $db.event.status == "paid"
      return = {type: "exists"}
    } as $paid
  }
  response = {count: $count, paid: $paid}
}
---
query join verb=GET {
  api_group = "million"
  public = "benchmark"
  input {
    int customer_id
  }
  stack {
    db.query event {
      join = {customer: {table: "customer", where: $db.event.customer_id == $db.customer.id}}
      where = $db.customer.id == $input.customer_id
      sort = {id: "desc"}
      eval = {who: $db.customer.name}
      return = {type: "list", paging: {page: 1, per_page: 20, totals: false}}
    } as $events
  }
  response = $events
}
---
query newest_with_customer verb=GET {
  api_group = "million"
  public = "benchmark"
  input {}
  stack {
    db.query event {
      join = {customer: {table: "customer", type: "left", where: $db.event.customer_id == $db.customer.id}}
      sort = {id: "desc"}
      eval = {who: $db.customer.name}
      return = {type: "list", paging: {page: 1, per_page: 20, totals: false}}
    } as $joined
    db.query event {
      sort = {id: "desc"}
      return = {type: "list", paging: {page: 1, per_page: 20, totals: false}}
      addon = [{name: "customer", input: {id: $output.customer_id}, as: "items.customer"}]
    } as $enriched
  }
  response = {joined: $joined, enriched: $enriched}
}
---
query tagged verb=GET {
  api_group = "million"
  public = "benchmark"
  input {
    text tag
  }
  stack {
    db.query event {
      where = $db.event.tags contains $input.tag
      return = {type: "count"}
    } as $count
  }
  response = $count
}
---
query search verb=GET {
  api_group = "million"
  public = "benchmark"
  input {
    text words
  }
  stack {
    db.query event {
      where = ($db.event.title|search_rank:$input.words) > 0
      return = {type: "count"}
    } as $count
  }
  response = $count
}
---
query in_list verb=GET {
  api_group = "million"
  public = "benchmark"
  input {
    int[] ids
  }
  stack {
    db.query event {
      where = $db.event.id in $input.ids
      sort = {id: "asc"}
      return = {type: "list"}
    } as $events
  }
  response = $events
}
