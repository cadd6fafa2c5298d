function "caesar-cipher" {
  input {
    text message
    int shift?=3
  }

  stack {
    var $alphabet {
      value = "abcdefghijklmnopqrstuvwxyz"
    }
    var $shift {
      value = (($input.shift % 26) + 26) % 26
    }
    var $out {
      value = ""
    }

    foreach ($input.message|split:"") {
      each as $char {
        var $at {
          value = $alphabet|index:($char|to_lower)
        }
        conditional {
          if ($at === false || $at === null || $at < 0) {
            text.append $out {
              value = $char
            }
          }
          else {
            var $moved {
              value = $alphabet|substr:(($at + $shift) % 26):1
            }
            text.append $out {
              value = ($char|to_lower) == $char ? $moved : ($moved|to_upper)
            }
          }
        }
      }
    }
  }

  response = $out
}
