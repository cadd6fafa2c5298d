function "matrix-product" {
  input {
    json a
    json b
  }

  stack {
    precondition (($input.a[0]|count) == ($input.b|count)) {
      error_type = "inputerror"
      error = "The columns of a must match the rows of b."
      payload = {columns: $input.a[0]|count, rows: $input.b|count}
    }

    var $product {
      value = []
    }
    foreach ($input.a) {
      each as $row {
        var $line {
          value = []
        }
        for ($input.b[0]|count) {
          each as $column {
            var $sum {
              value = 0
            }
            for ($row|count) {
              each as $k {
                math.add $sum {
                  value = $row[$k] * $input.b[$k][$column]
                }
              }
            }
            array.push $line {
              value = $sum
            }
          }
        }
        array.push $product {
          value = $line
        }
      }
    }
  }

  response = $product
}
