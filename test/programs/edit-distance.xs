function "edit-distance" {
  input {
    text? a
    text? b
  }

  stack {
    var $a { value = $input.a|split:"" }
    var $b { value = $input.b|split:"" }
    var $rows { value = $a|count }
    var $columns { value = $b|count }

    var $row { value = (0..$columns) }
    for ($rows) {
      each as $i {
        var $next { value = [$i + 1] }
        for ($columns) {
          each as $j {
            var $cost { value = $a[$i] == $b[$j] ? 0 : 1 }
            var $choices { value = [$row[$j + 1] + 1, $next[$j] + 1, $row[$j] + $cost] }
            array.push $next { value = $choices|sort:"":"int":true|first }
          }
        }
        var $row { value = $next }
      }
    }
  }

  response = $row|last
}
