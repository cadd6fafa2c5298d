// Nested updates along computed paths
function "inventory" {
  input {
    json stock
    json moves
  }

  stack {
    var $stock { value = $input.stock }
    var $log { value = [] }

    foreach ($input.moves) {
      each as $move {
        var $path { value = $move.warehouse ~ "." ~ $move.sku }
        var $have { value = $stock|get:$path:0 }
        conditional {
          if ($have + $move.change < 0) {
            array.push $log { value = "short: " ~ $path }
            continue
          }
        }
        var $stock { value = $stock|set:$path:$have + $move.change }
      }
    }

    var $total { value = 0 }
    foreach ($stock) {
      each as $warehouse {
        math.add $total { value = $warehouse|values|sum }
      }
    }
  }

  response = {stock: $stock, untouched: $input.stock, log: $log, total: $total}
}
