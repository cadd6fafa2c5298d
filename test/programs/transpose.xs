function "transpose" {
  input {
    json matrix
  }

  stack {
    var $out { value = [] }
    for ($input.matrix[0]|count) {
      each as $c {
        array.push $out { value = $input.matrix|map:$$[$c] }
      }
    }

    // a quarter turn is the transpose with its rows reversed
    var $turned { value = $out|map:($$|reverse) }
  }

  response = {transposed: $out, turned: $turned}
}
