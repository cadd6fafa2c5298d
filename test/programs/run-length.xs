// Encodes and decodes again; the two must be inverse
function "run-length" {
  input {
    text source
  }

  stack {
    var $runs { value = [] }
    foreach ($input.source|split:"") {
      each as $char {
        var $last { value = ($runs|count) - 1 }
        conditional {
          if ($last >= 0 && $runs[$last].char == $char) {
            math.add $runs[$last].count { value = 1 }
          }
          else {
            array.push $runs { value = {char: $char, count: 1} }
          }
        }
      }
    }

    var $encoded { value = $runs|map:($$.count ~ $$.char)|join:"" }

    var $decoded { value = "" }
    foreach ($runs) {
      each as $run {
        for ($run.count) {
          each as $_ {
            text.append $decoded { value = $run.char }
          }
        }
      }
    }

    precondition ($decoded == $input.source) {
      error = "Decoding failed."
    }
  }

  response = $encoded
}
