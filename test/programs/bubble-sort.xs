function "bubble-sort" {
  input {
    decimal[] numbers
  }

  stack {
    var $list { value = $input.numbers }
    var $swaps { value = 0 }
    var $sorted { value = false }

    while (!$sorted) {
      each {
        var $sorted { value = true }
        for (($list|count) - 1) {
          each as $i {
            conditional {
              if ($list[$i] > $list[$i + 1]) {
                var $keep { value = $list[$i] }
                var.update $list[$i] { value = $list[$i + 1] }
                var.update $list[$i + 1] { value = $keep }
                math.add $swaps { value = 1 }
                var $sorted { value = false }
              }
            }
          }
        }
      }
    }
  }

  response = {sorted: $list, swaps: $swaps, input: $input.numbers}
}
