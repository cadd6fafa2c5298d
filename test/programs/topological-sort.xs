function "topological-sort" {
  input {
    json dependencies
  }

  stack {
    var $left { value = $input.dependencies }
    var $order { value = [] }

    while (($left|keys|count) > 0) {
      each {
        array.find ($left|keys) if ((($left|get:$this)|diff:$order|count) == 0) as $next
        conditional {
          if ($next === null) {
            throw {
              name = "CycleError"
              value = "Cycle among " ~ ($left|keys|join:", ")
            }
          }
        }
        array.push $order { value = $next }
        var $left { value = $left|unset:$next }
      }
    }
  }

  response = $order
}
