// Check digit of card numbers
function "luhn" {
  input {
    text number filters=trim
  }

  stack {
    var $digits {
      value = $input.number|replace:" ":""|split:""|reverse
    }
    var $sum {
      value = 0
    }

    for ($digits|count) {
      each as $i {
        var $digit {
          value = $digits|get:$i|to_int
        }
        conditional {
          if ($i % 2 == 1) {
            math.mul $digit {
              value = 2
            }
          }
        }
        conditional {
          if ($digit > 9) {
            math.sub $digit {
              value = 9
            }
          }
        }
        math.add $sum {
          value = $digit
        }
      }
    }
  }

  response = $sum % 10 == 0
}
