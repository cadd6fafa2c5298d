function "coin-change" {
  input {
    int[] coins
    int amount
  }

  stack {
    var $fewest { value = {"0": 0} }
    foreach ((1..$input.amount)) {
      each as $sum {
        foreach ($input.coins) {
          each as $coin {
            var $before { value = $fewest|get:($sum - $coin):null }
            conditional {
              if ($before !== null) {
                var $known { value = $fewest|get:$sum:null }
                conditional {
                  if ($known === null || $before + 1 < $known) {
                    var $fewest { value = $fewest|set:$sum:$before + 1 }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  response = $fewest|get:$input.amount:-1
}
