function "collatz" {
  input {
    int n filters=min:1
  }

  stack {
    var $n { value = $input.n }
    var $path { value = [$n] }
    while ($n != 1) {
      each {
        conditional {
          if ($n|even) {
            math.div $n { value = 2 }
          }
          else {
            var $n { value = 3 * $n + 1 }
          }
        }
        var $path { value = $path|push:$n }
      }
    }
  }

  response = {steps: ($path|count) - 1, highest: $path|sort:"":"int":false|first, path: $path}
}
