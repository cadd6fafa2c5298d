// Product of all ints up to n, by calling itself
function "factorial" {
  input {
    int n filters=min:0
  }

  stack {
    conditional {
      if ($input.n <= 1) {
        return {
          value = 1
        }
      }
    }

    function.run "factorial" {
      input = {n: $input.n - 1}
    } as $rest
  }

  response = $input.n * $rest
}
