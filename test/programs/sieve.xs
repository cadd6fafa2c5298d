// Primes up to a limit
function "sieve" {
  input {
    int limit
  }

  stack {
    var $composite {
      value = {}
    }
    var $primes {
      value = []
    }

    var $n {
      value = 2
    }
    while ($n <= $input.limit) {
      each {
        conditional {
          if (!($composite|get:$n:false)) {
            array.push $primes {
              value = $n
            }
            var $multiple {
              value = $n * $n
            }
            while ($multiple <= $input.limit) {
              each {
                var.update $composite {
                  value = $composite|set:$multiple:true
                }
                math.add $multiple {
                  value = $n
                }
              }
            }
          }
        }
        math.add $n {
          value = 1
        }
      }
    }
  }

  response = $primes
}
