function "gcd-lcm" {
  input {
    int a filters=min:1
    int b filters=min:1
  }

  stack {
    var $x { value = $input.a }
    var $y { value = $input.b }

    while ($y != 0) {
      each {
        var $rest { value = $x % $y }
        var $x { value = $y }
        var $y { value = $rest }
      }
    }
  }

  response = {gcd: $x, lcm: $input.a / $x * $input.b}
}
