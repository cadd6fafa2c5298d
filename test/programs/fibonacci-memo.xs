// Fibonacci with a table of known answers handed along
function "fibonacci-memo" {
  input {
    int n
    json memo?
  }

  stack {
    var $memo {
      value = $input.memo ?? {}
    }
    var $key {
      value = $input.n|to_text
    }

    conditional {
      if ($input.n < 2) {
        return {
          value = {result: $input.n, memo: $memo}
        }
      }
      elseif ($memo|has:$key) {
        return {
          value = {result: $memo|get:$key, memo: $memo}
        }
      }
    }

    function.run "fibonacci-memo" {
      input = {n: $input.n - 1, memo: $memo}
    } as $one

    function.run "fibonacci-memo" {
      input = {n: $input.n - 2, memo: $one.memo}
    } as $two

    var $sum {
      value = $one.result + $two.result
    }
    var $memo {
      value = $two.memo|set:$key:$sum
    }
  }

  response = {result: $sum, memo: $memo}
}
