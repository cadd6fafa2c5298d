// Words of a text with how often they appear, most frequent first
function "word-count" {
  input {
    text text filters=trim|lower
  }

  stack {
    var $counts {
      value = {}
    }

    foreach ($input.text|split:" ") {
      each as $word {
        conditional {
          if ($word == "") {
            continue
          }
        }

        var.update $counts {
          value = $counts|set:$word:($counts|get:$word:0) + 1
        }
      }
    }

    object.entries {
      value = $counts
    } as $entries
  }

  response = $entries|sort:"value":"int":false
}
