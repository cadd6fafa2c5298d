function "balanced-brackets" {
  input {
    text? source
  }

  stack {
    var $closing {
      value = {"(": ")", "[": "]", "{": "}"}
    }
    var $open {
      value = []
    }

    foreach ($input.source|split:"") {
      each as $char {
        conditional {
          if ($closing|has:$char) {
            array.push $open {
              value = $closing|get:$char
            }
          }
          elseif ($char == ")" || $char == "]" || $char == "}") {
            array.pop $open as $expected
            conditional {
              if ($expected != $char) {
                return {
                  value = false
                }
              }
            }
          }
        }
      }
    }
  }

  response = ($open|count) == 0
}
