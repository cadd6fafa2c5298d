function "binary-numbers" {
  input {
    int number
  }

  stack {
    var $left { value = $input.number }
    var $bits { value = "" }
    while ($left > 0) {
      each {
        text.prepend $bits { value = $left % 2 }
        var $left { value = ($left / 2)|floor }
      }
    }
    conditional {
      if ($bits == "") {
        var $bits { value = "0" }
      }
    }

    var $back { value = 0 }
    foreach ($bits|split:"") {
      each as $bit {
        var $back { value = $back * 2 + $bit }
      }
    }
    precondition ($back == $input.number) {
      error = "Conversion failed."
    }

    var $masked { value = $input.number }
    math.bitwise.and $masked { value = 7 }
  }

  response = {binary: $bits, ones: $bits|replace:"0":""|strlen, low_three: $masked}
}
