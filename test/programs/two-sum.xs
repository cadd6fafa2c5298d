function "two-sum" {
  input {
    int[] numbers
    int target
  }

  stack {
    var $seen { value = {} }
    for ($input.numbers|count) {
      each as $i {
        var $missing { value = $input.target - $input.numbers[$i] }
        conditional {
          if ($seen|has:($missing|to_text)) {
            return { value = [$seen|get:$missing, $i] }
          }
        }
        var.update $seen { value = $seen|set:($input.numbers[$i]|to_text):$i }
      }
    }

    throw {
      name = "NoSolution"
      value = "No two numbers add up to " ~ $input.target ~ "."
    }
  }

  response = null
}
