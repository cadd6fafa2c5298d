function "binary-search" {
  input {
    int[] sorted
    int wanted
  }

  stack {
    var $low {
      value = 0
    }
    var $high {
      value = ($input.sorted|count) - 1
    }

    while ($low <= $high) {
      each {
        var $middle {
          value = (($low + $high) / 2)|floor
        }
        var $value {
          value = $input.sorted|get:$middle
        }

        conditional {
          if ($value == $input.wanted) {
            return {
              value = $middle
            }
          }
          elseif ($value < $input.wanted) {
            var $low {
              value = $middle + 1
            }
          }
          else {
            var $high {
              value = $middle - 1
            }
          }
        }
      }
    }
  }

  response = -1
}
