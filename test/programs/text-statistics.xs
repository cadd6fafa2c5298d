function "text-statistics" {
  input {
    text text
  }

  stack {
    var $vowels { value = ["a", "e", "i", "o", "u"] }
    var $letters { value = $input.text|to_lower|split:"" }

    array.filter_count ($letters) if ($vowels|in:$this) as $vowel_count
    var $longest { value = "" }
    foreach ($input.text|split:" ") {
      each as $word {
        conditional {
          if (($word|strlen) > ($longest|strlen)) {
            var $longest { value = $word }
          }
        }
      }
    }

    var $title {
      value = ($input.text|split:" ")
        |map:(($$|substr:0:1|to_upper) ~ ($$|substr:1|to_lower))
        |join:" "
    }
  }

  response = {
    characters: $input.text|strlen
    vowels    : $vowel_count
    longest   : $longest
    title     : $title
    slug      : $input.text|to_lower|replace:" ":"-"
  }
}
