function "pascal-triangle" {
  input {
    int rows
  }

  stack {
    var $triangle { value = [] }

    for ($input.rows) {
      each as $n {
        var $row { value = [1] }
        conditional {
          if ($n > 0) {
            var $above { value = $triangle|last }
            for ($n - 1) {
              each as $k {
                array.push $row { value = $above[$k] + $above[$k + 1] }
              }
            }
            array.push $row { value = 1 }
          }
        }
        array.push $triangle { value = $row }
      }
    }
  }

  response = $triangle
}
