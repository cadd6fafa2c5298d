function "merge-sort" {
  input {
    int[] list
  }

  stack {
    var $n { value = $input.list|count }
    conditional {
      if ($n <= 1) {
        return { value = $input.list }
      }
    }

    var $half { value = ($n / 2)|floor }
    function.run "merge-sort" {
      input = {list: $input.list|slice:0:$half}
    } as $left
    function.run "merge-sort" {
      input = {list: $input.list|slice:$half}
    } as $right

    var $merged { value = [] }
    while (($left|count) > 0 && ($right|count) > 0) {
      each {
        conditional {
          if ($left[0] <= $right[0]) {
            array.shift $left as $smallest
          }
          else {
            array.shift $right as $smallest
          }
        }
        array.push $merged { value = $smallest }
      }
    }
    array.merge $merged { value = $left }
    array.merge $merged { value = $right }
  }

  response = $merged
}
