function "game-of-life" {
  input {
    json board
    int generations?=1
  }

  stack {
    var $board { value = $input.board }
    var $rows { value = $board|count }
    var $columns { value = $board[0]|count }

    for ($input.generations) {
      each as $generation {
        var $next { value = $board }
        for ($rows) {
          each as $r {
            for ($columns) {
              each as $c {
                var $alive { value = 0 }
                foreach ((-1..1)) {
                  each as $dr {
                    foreach ((-1..1)) {
                      each as $dc {
                        conditional {
                          if (($dr != 0 || $dc != 0) && $r + $dr >= 0 && $c + $dc >= 0) {
                            math.add $alive { value = $board[$r + $dr][$c + $dc] ?? 0 }
                          }
                        }
                      }
                    }
                  }
                }
                var.update $next[$r][$c] { value = ($alive == 3 || ($alive == 2 && $board[$r][$c] == 1)) ? 1 : 0 }
              }
            }
          }
        }
        var $board { value = $next }
      }
    }
  }

  response = $board|map:($$|join:"")
}
