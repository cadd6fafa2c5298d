// Counts the ways to place n queens, by a stack of partial boards
function "n-queens" {
  input {
    int n filters=min:1|max:8
  }

  stack {
    var $count {
      value = 0
    }
    var $first {
      value = null
    }
    var $boards {
      value = [[]]
    }

    while (($boards|count) > 0) {
      each {
        array.pop $boards as $board
        var $row {
          value = $board|count
        }
        conditional {
          if ($row == $input.n) {
            math.add $count {
              value = 1
            }
            var $first {
              value = $first ?? $board
            }
            continue
          }
        }

        // last column first, so that the stack gives the first one first
        for ($input.n) {
          each as $i {
            var $column {
              value = $input.n - 1 - $i
            }
            array.has $board if (($this == $column) || (($this - $column)|abs) == $row - $index) as $attacked
            conditional {
              if (!$attacked) {
                array.push $boards {
                  value = $board|push:$column
                }
              }
            }
          }
        }
      }
    }
  }

  response = {count: $count, first: $first}
}
