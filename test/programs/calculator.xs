// Reverse Polish notation with error handling
function "calculator" {
  input {
    text expression
  }

  stack {
    var $stack { value = [] }

    try_catch {
      try {
        foreach ($input.expression|split:" ") {
          each as $token {
            switch ($token) {
              case ("+") {
                array.pop $stack as $b
                array.pop $stack as $a
                array.push $stack { value = $a + $b }
              } break
              case ("-") {
                array.pop $stack as $b
                array.pop $stack as $a
                array.push $stack { value = $a - $b }
              } break
              case ("*") {
                array.pop $stack as $b
                array.pop $stack as $a
                array.push $stack { value = $a * $b }
              } break
              case ("/") {
                array.pop $stack as $b
                array.pop $stack as $a
                array.push $stack { value = $a / $b }
              } break
              default {
                array.push $stack { value = $token|to_decimal }
              }
            }
          }
        }
        var $result { value = {ok: true, value: $stack|last} }
      }

      catch {
        var $result { value = {ok: false, message: $error.message} }
      }

      finally {
        var.update $result.length { value = $input.expression|strlen }
      }
    }
  }

  response = $result
}
