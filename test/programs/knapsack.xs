function "knapsack" {
  input {
    object[] items {
      schema {
        text name
        int weight
        int value
      }
    }
    int capacity
  }

  stack {
    var $best { value = 0|fill:0:$input.capacity + 1 }
    var $chosen { value = []|fill:0:$input.capacity + 1 }

    foreach ($input.items) {
      each as $item {
        var $room { value = $input.capacity }
        while ($room >= $item.weight) {
          each {
            var $with { value = $best[$room - $item.weight] + $item.value }
            conditional {
              if ($with > $best[$room]) {
                var.update $best[$room] { value = $with }
                var.update $chosen[$room] { value = $chosen[$room - $item.weight]|push:$item.name }
              }
            }
            math.sub $room { value = 1 }
          }
        }
      }
    }
  }

  response = {value: $best|last, items: $chosen|last}
}
