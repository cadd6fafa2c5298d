function "quick-sort" {
  input {
    json list
  }

  stack {
    conditional {
      if (($input.list|count) < 2) {
        return { value = $input.list }
      }
    }

    var $pivot { value = $input.list|first }
    var $rest { value = $input.list|slice:1 }

    function.run "quick-sort" {
      input = {list: $rest|filter:$$ < $pivot}
    } as $below

    function.run "quick-sort" {
      input = {list: $rest|filter:$$ >= $pivot}
    } as $above
  }

  response = $below|push:$pivot|merge:$above
}
