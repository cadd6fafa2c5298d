// Shortest way through a grid of free (0) and blocked (1) cells, from corner to corner
function "grid-bfs" {
  input {
    json grid
  }

  stack {
    var $rows { value = $input.grid|count }
    var $columns { value = $input.grid|first|count }
    var $queue { value = [{r: 0, c: 0, steps: 0}] }
    var $seen { value = {"0,0": true} }

    while (($queue|count) > 0) {
      each {
        array.shift $queue as $here
        conditional {
          if ($here.r == $rows - 1 && $here.c == $columns - 1) {
            return { value = $here.steps }
          }
        }

        foreach ([{r: 0, c: 1}, {r: 1, c: 0}, {r: 0, c: -1}, {r: -1, c: 0}]) {
          each as $move {
            var $r { value = $here.r + $move.r }
            var $c { value = $here.c + $move.c }
            var $key { value = $r ~ "," ~ $c }
            conditional {
              if ($r >= 0 && $r < $rows && $c >= 0 && $c < $columns) {
                conditional {
                  if ($input.grid[$r][$c] == 0 && !($seen|has:$key)) {
                    var.update $seen { value = $seen|set:$key:true }
                    array.push $queue { value = {r: $r, c: $c, steps: $here.steps + 1} }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  response = null
}
