// One line of comma-separated values with quotes
function "parse-csv-line" {
  input {
    text line
  }

  stack {
    var $fields { value = [] }
    var $field { value = "" }
    var $quoted { value = false }

    foreach ($input.line|split:"") {
      each as $char {
        conditional {
          if ($char == "\"") {
            var $quoted { value = !$quoted }
          }
          elseif ($char == "," && !$quoted) {
            array.push $fields { value = $field }
            var $field { value = "" }
          }
          else {
            text.append $field { value = $char }
          }
        }
      }
    }
    array.push $fields { value = $field|trim }
  }

  response = $fields
}
