function "spiral" {
  input {
    json matrix
  }

  stack {
    var $left { value = $input.matrix }
    var $out { value = [] }

    while (($left|count) > 0) {
      each {
        array.shift $left as $top
        array.merge $out { value = $top }
        conditional {
          if (($left|count) == 0) {
            break
          }
        }

        // turn what is left so that its last column is on top
        var $turned { value = [] }
        var $c { value = ($left[0]|count) - 1 }
        while ($c >= 0) {
          each {
            array.push $turned { value = $left|map:$$[$c] }
            math.sub $c { value = 1 }
          }
        }
        var.update $left { value = $turned }
      }
    }
  }

  response = $out
}
