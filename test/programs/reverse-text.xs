function "reverse-text" {
  input {
    text text
  }

  stack {
    var $chars { value = $input.text|split:"" }
    var $by_filter { value = $chars|reverse|join:"" }

    var $by_hand { value = "" }
    var $i { value = ($chars|count) - 1 }
    while ($i >= 0) {
      each {
        text.append $by_hand { value = $chars[$i] }
        math.sub $i { value = 1 }
      }
    }

    precondition ($by_filter == $by_hand) {
      error = "The two ways disagree."
    }

    var $words { value = $input.text|split:" "|reverse|join:" " }
  }

  response = {text: $by_hand, words: $words, palindrome: ($input.text|to_lower) == ($by_hand|to_lower)}
}
